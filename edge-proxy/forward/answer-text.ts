import type { AnswerHead } from './answer-writer.ts';
import type { ForwardingHeaders } from './forwarding-headers.ts';
import { type OwnAnswer, ownLines, REASONS } from './own-answers.ts';
import type { ResponseHead } from './response-head.ts';
import { type Rewrite, rewriteLines } from './rewrite.ts';

/** The head of an upstream's answer as the client gets it. `publicOrigin` is asked only when something is rewritten. */
export function answerHead(
  head: ResponseHead,
  extra: readonly string[],
  options: ForwardingHeaders,
  rewrite: Rewrite | undefined,
  publicOrigin: () => string,
): AnswerHead {
  let { lines } = head;
  if (rewrite !== undefined && (head.hasLocation || head.hasSetCookie)) {
    lines = rewriteLines(lines, rewrite, publicOrigin());
  }
  if (options.viaInAnswers && options.via !== undefined) lines += `Via: 1.${head.minor} ${options.via}\r\n`;
  return { status: head.status, reason: head.reason, lines: lines + pairLines(extra) };
}

/** The head of an answer of the edge itself. */
export function ownHead(answer: OwnAnswer, body: string, extra: readonly string[]): AnswerHead {
  const { status } = answer;
  const lines = ownLines(answer, body, new Date().toUTCString()) + pairLines(extra);
  return { status, reason: REASONS[status] ?? 'Error', lines };
}

/** Header lines of name, value, name, value … */
function pairLines(pairs: readonly string[]): string {
  let lines = '';
  for (let index = 0; index + 1 < pairs.length; index += 2)
    lines += `${pairs[index]}: ${pairs[index + 1]}\r\n`;
  return lines;
}
