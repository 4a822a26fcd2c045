import type { OriginConnection } from '../../forward/support/raw-origin.ts';
import type { UpstreamCase } from '../upstream-cases.ts';

/** Waits for a request, says what the case says, and ends as it says. */
export function misbehaving({
  bytes,
  afterwards,
}: UpstreamCase): (connection: OriginConnection) => Promise<void> {
  return async (connection) => {
    for (;;) {
      await connection.request();
      connection.send(bytes);
      if (afterwards === 'closes') return connection.end();
      if (afterwards === 'resets') return connection.reset();
    }
  };
}
