import type { FailedAnswer, ShadowAnswer } from '../../migration-plans/compare/answer.ts';
import { SAFE_METHODS } from '../../migration-plans/plan/route-text.ts';
import type { ConnectionPool } from '../forward/connection-pool.ts';
import type { BrokenConnection, ConnectionUser } from '../forward/connection-port.ts';
import { ConnectionSearch, type SearchListener } from '../forward/connection-search.ts';
import type { Listed } from '../forward/exchange-list.ts';
import { type BodyFraming, type ResponseHead, toRawHeaders } from '../forward/response-head.ts';
import { Timed, type TimerWheel } from '../forward/timer-wheel.ts';
import type { UpstreamConnection } from '../forward/upstream-connection.ts';
import { type AnswerCapture, bytesOf } from './capture.ts';
import { copyText } from './copy-text.ts';
import type { MirrorCall } from './mirror-client.ts';

export type Reason = Pick<FailedAnswer, 'failure' | 'message'>;

const TIMED_OUT: Reason = { failure: 'timeout', message: 'no whole answer within its time limit' };
const NO_CONNECTION = {
  connect: { failure: 'connect', message: 'no connection' },
  'timeout-connect': TIMED_OUT,
  overload: { failure: 'other', message: 'too many connections' },
} as const satisfies Record<string, Reason>;

/** A write goes over a kept connection only if it was used this recently, as with the edge's own. Milliseconds. */
const WRITE_REUSE_MS = 1_000;

/**
 * One copy on its way, over connections as the edge's own are, and read as strictly: what the edge would refuse of a service's answer is
 * a failure here too. A kept connection that the other side had just given up says nothing of it, so a copy that can be sent again is.
 */
export class CopyExchange extends Timed implements ConnectionUser, SearchListener, Listed {
  listNext: Listed | undefined = undefined;
  listPrevious: Listed | undefined = undefined;
  readonly #call: MirrorCall;
  readonly #pool: ConnectionPool;
  readonly #wheel: TimerWheel;
  readonly #capture: AnswerCapture;
  readonly #search: ConnectionSearch;
  readonly #startedAt: number;
  readonly #tell: (exchange: CopyExchange, answer: ShadowAnswer) => void;
  #text = '';
  #rawHeaders: readonly string[] = [];
  #connection: UpstreamConnection | undefined;
  #again = false;
  #over = false;

  /**
   * Once started, `tell` is called once, maybe before `start` returns. It is not wrapped here: V8 makes a function that is written where it
   * is assigned to a property an old object at once, and with it all that it knows, this copy, would wait for a full collection.
   */
  constructor(
    call: MirrorCall,
    pool: ConnectionPool,
    capture: AnswerCapture,
    tell: (exchange: CopyExchange, answer: ShadowAnswer) => void,
  ) {
    super();
    this.#call = call;
    this.#pool = pool;
    this.#wheel = pool.wheel;
    this.#capture = capture;
    this.#search = new ConnectionSearch(pool.wheel, this);
    this.#startedAt = pool.wheel.now();
    this.#tell = tell;
  }

  start(): void {
    const text = copyText(this.#call);
    if (typeof text !== 'string') {
      this.#fail({ failure: 'other', message: text.problem });
      return;
    }
    this.#text = text;
    this.#wheel.schedule(this, this.#startedAt + this.#call.timeoutMs);
    this.#look();
  }

  /** Ends it from this side. */
  end(reason: Reason): void {
    if (this.#over) return;
    if (this.#connection === undefined) this.#search.cancel();
    else this.#connection.destroy();
    this.#fail(reason);
  }

  override expired(): void {
    this.end(TIMED_OUT);
  }

  connectionFound(connection: UpstreamConnection): void {
    const { method, body } = this.#call;
    this.#connection = connection;
    if (body !== undefined) connection.cork();
    connection.begin(this, this.#text, method === 'HEAD', false);
    if (body !== undefined) {
      connection.write(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
      connection.uncork();
    }
    connection.endRequest();
  }

  searchDefect(error: unknown): void {
    this.end({ failure: 'other', message: error instanceof Error ? error.message : String(error) });
  }

  noConnection(why: keyof typeof NO_CONNECTION, error?: Error): void {
    const { code } = (error ?? {}) as NodeJS.ErrnoException;
    this.#fail(code === undefined ? NO_CONNECTION[why] : { ...NO_CONNECTION[why], message: code });
  }

  /** Waits: the time limit of the whole holds. */
  connectionDue(): void {}

  onInformation(): void {}

  onWhole(head: ResponseHead, framing: BodyFraming, body: string): void {
    this.onHead(head, framing);
    this.#capture.whole(body);
    this.onEnd();
  }

  onHead(head: ResponseHead, _framing: BodyFraming): void {
    this.#rawHeaders = toRawHeaders(head.lines);
    this.#capture.head(head.status, this.#wheel.now());
  }

  onChunk(chunk: Buffer, release: (() => void) | undefined): void {
    if (!this.#capture.chunk(chunk)) release?.();
    const { bytes } = this.#capture;
    if (bytes > (this.#call.endlessBytes ?? Number.POSITIVE_INFINITY))
      this.end({ failure: 'too-long', message: `still going on after ${bytes} bytes` });
  }

  onEnd(): void {
    const captured = this.#capture.finish(this.#wheel.now());
    this.#finish({ ...captured, body: bytesOf(captured.body), rawHeaders: this.#rawHeaders });
  }

  /** Never: it is not asked for, so the parser takes it for malformed. */
  onSwitch(): void {}

  /** The body was handed over as a whole. */
  onWritable(): void {}

  onBroken({ kind, detail, stale, undelivered }: BrokenConnection): void {
    this.#connection = undefined;
    if (!this.#again && (undelivered || (stale && this.#repeatable))) {
      this.#again = true;
      this.#look();
    } else this.#fail({ failure: kind, message: detail });
  }

  get #repeatable(): boolean {
    return SAFE_METHODS.includes(this.#call.method);
  }

  #look(): void {
    const terms = {
      ...{ connectMs: this.#call.timeoutMs, writeReuseMs: WRITE_REUSE_MS },
      ...{ repeatable: this.#repeatable, fresh: this.#again },
    };
    this.#search.begin(this.#pool, terms, this.#wheel.now());
  }

  #fail(reason: Reason): void {
    this.#capture.discard();
    this.#finish({ ...reason, totalMs: this.#wheel.now() - this.#startedAt });
  }

  #finish(answer: ShadowAnswer): void {
    this.#over = true;
    this.#wheel.cancel(this);
    this.#tell(this, answer);
  }
}
