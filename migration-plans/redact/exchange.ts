import type { CapturedAnswer } from '../compare/answer.ts';
import { decodeBody, parseMediaType, textOf } from '../compare/body.ts';
import { readHeaders } from '../compare/headers.ts';
import type { Redactor } from './redactor.ts';

export interface RedactedAnswer {
  status: number;
  headers: string[];
  /** Undefined: no text, too long, or can't be decoded; bytes that can't be looked into are never kept. */
  body: string | undefined;
}

/** Longer bodies are not kept, not even in part: what can't be read as a whole can't be redacted by its structure. */
export const MAX_KEPT_BODY = 262_144;

/** An answer as it may be stored. */
export function redactAnswer(answer: CapturedAnswer, redactor: Redactor): RedactedAnswer {
  return {
    status: answer.status,
    headers: redactor.headers(answer.rawHeaders),
    body: redactAnswerBody(answer, redactor),
  };
}

export interface ExchangeToRedact {
  method: string;
  url: string;
  requestHeaders: readonly string[];
  left: CapturedAnswer;
  right: CapturedAnswer;
}

export interface RedactedExchange {
  method: string;
  url: string;
  requestHeaders: string[];
  left: RedactedAnswer;
  right: RedactedAnswer;
}

/** A request with both its answers as it may be stored. */
export function redactExchange(exchange: ExchangeToRedact, redactor: Redactor): RedactedExchange {
  return {
    method: exchange.method.slice(0, 40),
    url: redactor.url(exchange.url),
    requestHeaders: redactor.headers(exchange.requestHeaders),
    left: redactAnswer(exchange.left, redactor),
    right: redactAnswer(exchange.right, redactor),
  };
}

export function redactAnswerBody(answer: CapturedAnswer, redactor: Redactor): string | undefined {
  if (answer.body === undefined || answer.body.length > MAX_KEPT_BODY) return undefined;
  const headers = readHeaders(answer.rawHeaders);
  const decoded = decodeBody(answer.body, headers, MAX_KEPT_BODY);
  if ('problem' in decoded) return undefined;
  const type = headers.first('content-type');
  const text = textOf(decoded.bytes, parseMediaType(type));
  // NUL is in no text: what has it is a picture or an archive that happens to decode.
  return text === undefined || text.includes('\u0000') ? undefined : redactor.body(text, type);
}
