/** What every proxy under test gets from the runner, as environment variables. */
export const ORIGIN_URL = process.env.BENCH_ORIGIN ?? 'http://127.0.0.1:9000';

/** Tells the runner that this process listens, and stays until it is disconnected. */
export function listening(port: number): void {
  process.send?.({ port });
  process.on('disconnect', () => process.exit(0));
}
