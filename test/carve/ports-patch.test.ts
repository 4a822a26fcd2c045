import { describe, expect, it } from 'vitest';
import { parseFile } from '../../cli/analysis/syntax/parse.ts';
import { monolithPatch } from '../../cli/carve/ports/monolith/patch.ts';
import { portOf, specOf } from './ports-support.ts';

/** The application's file after the patch; its creation is on the first line that has `express()` or `Fastify(`. */
function patched(
  file: string,
  text: string,
  port = portOf({ file: 'lib/a.js', name: 'f', exported: 'f' }),
): string {
  const line = text.split('\n').findIndex((item) => /express\(\)|Fastify\(|fastify,/.test(item)) + 1;
  const spec = specOf({
    framework: /astify/.test(text) ? 'fastify' : 'express',
    app: { file, exported: 'app', kind: 'value', args: '', created: { file, line } },
    ports: [port],
  });
  const files: Record<string, string> = { [file]: text, 'lib/a.js': 'exports.f = () => 1;\n' };
  const made = monolithPatch(spec, (path) => files[path])!;
  for (const { path, after } of made.changed)
    expect(parseFile(`/${path}`, path, after), path).toHaveProperty('program');
  return made.changed.find((change) => change.path === file)!.after;
}

describe('the line that mounts the ports', () => {
  it('stands below the statement that creates the application', () => {
    const call = "require('./strangler-ports-reviews').mountReviewsPorts";
    expect(patched('app.js', 'const app = express(), port = 3;\nrun(app);\n')).toContain(
      `port = 3;\n${call}(app);\nrun`,
    );
    expect(patched('app.js', 'let app\nfunction make() {\n  app = express()\n  return app\n}\n')).toContain(
      `  app = express()\n  ${call}(app);\n`,
    );
    expect(
      patched('app.js', 'class A {\n  constructor() {\n    this.app = express(); // here\n  }\n}\n'),
    ).toContain(`this.app = express(); // here\n    ${call}(this.app);\n`);
    expect(patched('app.js', 'module.exports = express();\n')).toContain(`${call}(module.exports);`);
    expect(patched('app.js', 'const app = (module.exports = express());\n')).toContain(`${call}(app);`);
    expect(patched('app.js', 'const app = express(); app.listen(1);')).toContain(
      `express();\n${call}(app); app.listen(1);`,
    );
    expect(
      patched('app.js', 'module.exports = async function plugin(fastify, options) {\n  run();\n};\n'),
    ).toContain(`(fastify, options) {\n  ${call}(fastify);\n  run();`);
  });

  it('goes around an application that has no name', () => {
    expect(patched('app.ts', "import express from 'express';\nexport default express();\n")).toContain(
      'export default mountReviewsPorts(express());',
    );
    expect(
      patched('app.ts', 'export const make = () => {\n  return Fastify({\n    logger: true,\n  });\n};\n'),
    ).toContain('return mountReviewsPorts(Fastify({\n    logger: true,\n  }));');
    expect(patched('app.ts', 'export class App {\n  readonly app: Express = express();\n}\n')).toContain(
      'app: Express = mountReviewsPorts(express());',
    );
    expect(patched('app.ts', 'export const app = Fastify().withTypeProvider<X>();\n')).toContain(
      'withTypeProvider<X>();\nmountReviewsPorts(app);',
    );
  });

  it('is imported as the file imports its own', () => {
    const from = (file: string, text: string) =>
      /from '(.*strangler-ports[^']*)'/.exec(patched(file, text))?.[1];
    expect(from('src/app.ts', "import a from './a';\nexport const app = express();\n")).toBe(
      './strangler-ports-reviews',
    );
    expect(from('src/app.ts', "import a from './a.js';\nexport const app = express();\n")).toBe(
      './strangler-ports-reviews.js',
    );
    expect(from('src/app.ts', "import a from './a.ts';\nexport const app = express();\n")).toBe(
      './strangler-ports-reviews.ts',
    );
    expect(from('app.mjs', 'export const app = express();\n')).toBe('./strangler-ports-reviews.mjs');
    const head = "#!/usr/bin/env node\n/* licence */\n'use strict';\nexport const app = express();\n";
    expect(patched('app.mjs', head)).toMatch(/'use strict';\nimport \{ mountReviewsPorts \}/);
  });

  it('keeps the line breaks of the file', () => {
    const text = patched(
      'app.js',
      "const express = require('express');\r\nconst app = express();\r\napp.x();\r\n",
    );
    expect(text.replaceAll('\r\n', '')).not.toContain('\n');
  });

  it('is refused where no application is created', () => {
    for (const text of ['const { app } = express();\n', 'if (express()) run();\n'])
      expect(() => patched('app.js', text)).toThrow(expect.objectContaining({ code: 'CARVE_PORT_APP' }));
  });
});

describe('a function of the monolith', () => {
  const exporting = (file: string, text: string, exported: string) => {
    const files: Record<string, string> = { 'app.js': 'const app = express();\n', [file]: text };
    const spec = specOf({
      app: { file: 'app.js', exported: 'app', kind: 'value', args: '', created: { file: 'app.js', line: 1 } },
      ports: [portOf({ file, name: 'f', exported })],
    });
    const made = monolithPatch(spec, (path) => files[path])!;
    const after = made.changed.find((change) => change.path === file)?.after;
    return {
      added: after?.slice(text.length),
      entry: /'[^']+': .*=> (.*),\n/.exec(made.added[0]!.text)?.[1],
    };
  };

  it('is reached by the way in which it is exported', () => {
    for (const [text, exported, entry] of [
      ['exports.f = () => 1;', 'module.exports.f', "method(require('./lib/a'), 'f')"],
      ['const f = () => 1;\nmodule.exports = { g: f };', 'f', "method(require('./lib/a'), 'g')"],
      ['module.exports = function f() {};', 'module.exports', "exportedItself(require('./lib/a'))"],
      [
        'module.exports = { shop: { f() {} } };',
        'module.exports.shop.f',
        "method(require('./lib/a').shop, 'f')",
      ],
      ['module.exports = { ...require("./b") };', 'module.exports.f', "method(require('./lib/a'), 'f')"],
      ['exports = module.exports = { f() {} };', 'f', "method(require('./lib/a'), 'f')"],
    ] as [string, string, string][])
      expect(exporting('lib/a.js', `${text}\n`, exported)).toEqual({ added: undefined, entry });
    for (const [text, exported, entry] of [
      ['export default new Shop();', 'default.f', "method(require('./lib/a').default, 'f')"],
      ['function f() {}\nexport { f as g };', 'f', "method(require('./lib/a'), 'g')"],
      ['class f {}\nexport default f;', 'f', "method(require('./lib/a'), 'default')"],
    ] as [string, string, string][])
      expect(exporting('lib/a.ts', `${text}\n`, exported)).toEqual({ added: undefined, entry });
  });

  it('is exported by the patch where it was not', () => {
    expect(exporting('lib/a.js', 'function f() {}', 'f').added).toBe('\nmodule.exports.f = f;\n');
    expect(exporting('lib/a.js', 'const f = 1;\nmodule.exports = class {};\n', 'f').added).toBe(
      'module.exports.f = f;\n',
    );
    expect(exporting('lib/a.ts', 'const f = () => 1;\n', 'f').added).toBe('export { f };\n');
  });

  it('is refused where nothing leads to it', () => {
    for (const [file, text] of [
      ['lib/a.js', 'function g() { function f() {} }\n'],
      ['lib/a.js', 'function f() {}\nmodule.exports = Object.freeze({ g() {} });\n'],
      ['lib/a.ts', 'function f() {}\nexport = { g: 1 };\n'],
    ] as [string, string][])
      expect(() => exporting(file, text, 'f')).toThrow(
        expect.objectContaining({ code: 'CARVE_PORT_UNREACHABLE' }),
      );
  });
});

describe('a patch', () => {
  it('is not there for a service that calls nothing', () => {
    expect(monolithPatch(specOf({}), () => undefined)).toBeUndefined();
  });

  it('is the same text every time, whatever the order of the ports', () => {
    const ports = ['b', 'a', 'c'].map((name) => portOf({ file: 'lib/a.js', name }));
    const read = (path: string) =>
      ({
        'app.js': '\nconst app = express();\n',
        'lib/a.js': 'function a() {}\nfunction b() {}\nfunction c() {}\n',
      })[path];
    expect(monolithPatch(specOf({ ports }), read)).toEqual(
      monolithPatch(specOf({ ports: [...ports].reverse() }), read),
    );
  });
});
