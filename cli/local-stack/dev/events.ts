/** What `strangler dev` has to tell, in the order in which it happens. With `--json` each is one line. */
export type StackEvent =
  | { event: 'starting'; name: string }
  /** One step of the start is done. */
  | { event: 'started'; name: string; ms: number; url?: string; detail?: string }
  /** Worth knowing, and nothing failed: another port was taken, a part is not ready yet. */
  | { event: 'notice'; name: string; message: string }
  /** Everything runs. */
  | { event: 'ready'; ms: number; urls: Record<string, string>; pids: Record<string, number> }
  | { event: 'crashed'; name: string; how: string; restartInMs: number; lastLines: string[] }
  | { event: 'restarted'; name: string; ms: number }
  | { event: 'output'; name: string; line: string }
  | { event: 'stopping'; name: string }
  | { event: 'stopped'; ms: number };

export type OnStackEvent = (event: StackEvent) => void;
