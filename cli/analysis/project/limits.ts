/** Bounds of one analysis. Each is reported when it was reached, so that a cut is never silent. */
export interface Limits {
  /** Source files read. */
  files: number;
  /** Bytes of one source file; larger ones are bundles or data. */
  fileBytes: number;
  /** Bytes of all source files together. */
  totalBytes: number;
  /** Depth of folders. */
  depth: number;
  /** Evaluations of functions in one stage of the interpreter. */
  evaluations: number;
}

export const DEFAULT_LIMITS: Limits = {
  files: 20_000,
  fileBytes: 2 * 1024 * 1024,
  totalBytes: 256 * 1024 * 1024,
  depth: 24,
  evaluations: 150_000,
};
