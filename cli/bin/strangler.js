#!/usr/bin/env node
// Syntax that old versions of Node understand, so that they can say which version is needed instead of failing on what follows.
var needed = [22, 18];
var found = process.versions.node.split('.').map(Number);

if (found[0] < needed[0] || (found[0] === needed[0] && found[1] < needed[1])) {
  process.stderr.write(
    'strangler needs Node ' +
      needed.join('.') +
      ' or newer, this is ' +
      process.versions.node +
      ': install it (npm install node@24 puts one into the project) and start strangler by npx.\n',
  );
  process.exitCode = 2;
} else {
  import('./start.js').then((start) => start.start());
}
