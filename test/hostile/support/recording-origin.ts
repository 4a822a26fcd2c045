import { type OriginConnection, type RawOrigin, startRawOrigin } from '../../forward/support/raw-origin.ts';
import { READINGS, readRequests } from './readers.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const STRICT = READINGS[0]!;

export interface RecordingOrigin extends RawOrigin {
  /** All bytes that reached it, one text a connection that got any. */
  recorded(): string[];
  /** Forgets what came so far. */
  forget(): void;
}

/** Keeps every byte that reaches it, and answers each request that a strict reader finds in them. */
export async function startRecordingOrigin(answer: string = OK): Promise<RecordingOrigin> {
  const script = async (connection: OriginConnection): Promise<void> => {
    for (let answered = 0; ; answered += 1) {
      await connection.until((text) => readRequests(text, STRICT).requests.length > answered);
      connection.send(answer);
    }
  };
  const origin = await startRawOrigin(script);
  let from = 0;
  return {
    ...origin,
    recorded: () => origin.connections.slice(from).flatMap(({ text }) => (text === '' ? [] : [text])),
    forget() {
      // A kept connection would go on in the middle of its text.
      for (const { socket } of origin.connections) socket.destroy();
      from = origin.connections.length;
    },
  };
}
