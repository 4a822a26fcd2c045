import { parseSync } from 'oxc-parser';
import { lineAt, lineStarts, type Program } from './ast.ts';

/** One parsed source file. */
export interface SourceFile {
  /** Absolute path. */
  path: string;
  /** Path from the project's root, with forward slashes. */
  name: string;
  text: string;
  program: Program;
  lines: Uint32Array;
  /** Whether the file uses `import` or `export`. */
  esm: boolean;
  /** How one can tell that a tool wrote the file, where that is so. */
  generated?: string;
}

export interface SyntaxFailure {
  line: number;
  message: string;
}

/**
 * Parses one file. A file whose syntax is broken gives the first mistake instead of a tree: the parser recovers from
 * some mistakes, but what it guesses then would be reported as if somebody had written it.
 */
export function parseFile(path: string, name: string, text: string): SourceFile | SyntaxFailure {
  let result = parseSync(path, text, { preserveParens: false });
  if (result.errors.some((error) => error.severity === 'Error') && /\.[cm]?js$/.test(path)) {
    // JSX and Flow-free TypeScript syntax appear in .js files that a bundler reads; CommonJS allows a top-level return.
    for (const options of [
      { lang: 'jsx', sourceType: 'commonjs' },
      { lang: 'ts', sourceType: 'unambiguous' },
    ] as const) {
      const again = parseSync(path, text, { preserveParens: false, ...options });
      if (again.errors.some((error) => error.severity === 'Error')) continue;
      result = again;
      break;
    }
  }
  const lines = lineStarts(text);
  const failure = result.errors.find((error) => error.severity === 'Error');
  if (failure !== undefined) {
    return { line: lineAt(lines, failure.labels[0]?.start ?? 0), message: failure.message };
  }
  return { path, name, text, program: result.program, lines, esm: result.module.hasModuleSyntax };
}
