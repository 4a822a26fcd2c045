import pino, { type DestinationStream, type Logger } from 'pino';

export interface EdgeLogger {
  readonly logger: Logger;
  /** Writes out what is buffered. */
  flush(): void;
}

/** Bytes of log lines held while the reader of stdout is slow; beyond that lines are dropped and counted. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;

/**
 * Structured log of an edge, one JSON document a line. Without a stream of the caller's it is written to stdout asynchronously: a slow reader
 * never holds requests up.
 */
export function createEdgeLogger(options: {
  level: string;
  stream: DestinationStream | undefined;
  edge: string;
  onDrop(): void;
}): EdgeLogger {
  const settings = {
    level: options.level,
    base: { edge: options.edge },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRETS, censor: '[hidden]' },
  };
  if (options.stream) return { logger: pino(settings, options.stream), flush() {} };
  const destination = pino.destination({
    dest: 1,
    sync: false,
    minLength: 4_096,
    maxLength: MAX_BUFFERED_BYTES,
    periodicFlush: 1_000,
  });
  destination.on('drop', options.onDrop);
  return {
    logger: pino(settings, destination),
    flush() {
      destination.flushSync();
    },
  };
}

/** Nothing of the edge logs these on purpose; hidden in case an error of a library carries them. */
const SECRETS = [
  'err.config.headers',
  'err.headers',
  'headers.cookie',
  'headers.authorization',
  'headers["set-cookie"]',
  'token',
  'secret',
  'password',
];
