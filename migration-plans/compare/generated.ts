import { formatOf, isOpaque, joinFormats } from './format.ts';

/** What the answers to one write are held against. */
export interface WriteContext {
  /** The route, since the same path means another field elsewhere. */
  route: string;
  /** Path, query and body of the request: what the client named itself, no server makes up. */
  request: string;
}

/**
 * Values that a server makes up while it carries out a write: ids, times, tokens. A sandbox makes up its own, and a write cannot be sent
 * to the monolith twice to learn which they are. So they are told by their form, and held to what must be true of them all the same: the
 * client did not name them; the monolith has not given the same one before; within one answer an id stands for the same thing everywhere
 * (body, `Location`, links); and from answer to answer it changes where the monolith's does.
 */
export class GeneratedValues {
  private readonly memory: GeneratedMemory;
  private readonly context: WriteContext;
  private readonly forward = new Map<string, string>();
  private readonly backward = new Map<string, string>();

  /** One for each pair of answers; `memory` is the run's. */
  constructor(memory: GeneratedMemory, context: WriteContext) {
    this.memory = memory;
    this.context = context;
  }

  /**
   * How the pair is explained: `linked` as made up by each side; `constant`: it would be, but the right one never changes;
   * undefined: not at all. `inStep`: both are times, each as far from its own clock.
   */
  explain(path: string, left: string, right: string, inStep: boolean): 'linked' | 'constant' | undefined {
    if (inStep) return 'linked';
    if (!this.link(path, left, right)) return undefined;
    return this.memory.look(`${this.context.route}\n${path}`, left, right);
  }

  private link(path: string, left: string, right: string): boolean {
    if (isMadeUp(left, right) || (isIdPlace(path) && isCount(left) && isCount(right)))
      return this.pair(left, right);
    // An address differs by the ids in it: everything else must be the same.
    if (!/[/?&=]/.test(left) || left.length > MAX_ADDRESS || right.length > MAX_ADDRESS) return false;
    const a = left.split(BOUNDARY);
    const b = right.split(BOUNDARY);
    if (a.length !== b.length) return false;
    return a.every((part, i) => {
      const other = b[i]!;
      if (part === other) return true;
      return (isMadeUp(part, other) || (isCount(part) && isCount(other))) && this.pair(part, other);
    });
  }

  /** False: the client named it, or one of them stands for something else in this answer already. */
  private pair(left: string, right: string): boolean {
    if (names(this.context.request, left)) return false;
    if ((this.forward.get(left) ?? right) !== right || (this.backward.get(right) ?? left) !== left)
      return false;
    this.forward.set(left, right);
    this.backward.set(right, left);
    return true;
  }
}

const MAX_ADDRESS = 2_000;
/** What divides the parts of an address; captured, so that the dividers are compared as well. */
const BOUNDARY = /([/?&=#:;,."<> ])/;

function isMadeUp(left: string, right: string): boolean {
  const formats = joinFormats(left, right);
  return formats.shared && isOpaque(formats.left);
}

/** A serial number; never one that is a time or a sum. */
function isCount(text: string): boolean {
  return text.length <= 18 && formatOf(text) === 'digits' && !text.startsWith('-') && !text.startsWith('+');
}

/** `$.id`, `$.review.replyId`, `$.order_id`, `html:li@data-id`, `header:x-order-id`. */
function isIdPlace(path: string): boolean {
  return /(?:^|[.:@_\-\]'])id$|[a-z](?:Id|ID)$/.test(path);
}

/** The text has the value, and not only as a part of another word. */
function names(text: string, value: string): boolean {
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
    if (!/\w/.test(text[at - 1] ?? '') && !/\w/.test(text[at + value.length] ?? '')) return true;
  }
  return false;
}

/** Answers in which a made-up value of the right side stays the same while the left one's changes, before it is told. */
const CONSTANT_AFTER = 4;
const MAX_FIELDS = 1_000;
/** Values of the left side remembered for a field. */
const MAX_VALUES = 100;

interface KnownField {
  /** Newest last. */
  lefts: Set<string>;
  right: string;
  times: number;
}

/** What made-up values were seen in one run. Bounded; owned by the caller. */
export class GeneratedMemory {
  private readonly fields = new Map<string, KnownField>();

  /** `linked`: new on both sides; `constant`: the right one does not change; undefined: the left one is no new one either. */
  look(field: string, left: string, right: string): 'linked' | 'constant' | undefined {
    let known = this.fields.get(field);
    if (known === undefined) {
      if (this.fields.size >= MAX_FIELDS) return undefined;
      known = { lefts: new Set(), right: '', times: 0 };
      this.fields.set(field, known);
    }
    if (known.lefts.has(left)) return undefined;
    if (known.lefts.size >= MAX_VALUES) known.lefts.delete(known.lefts.values().next().value!);
    known.lefts.add(left);
    known.times = known.right === right ? known.times + 1 : 1;
    known.right = right;
    return known.times >= CONSTANT_AFTER ? 'constant' : 'linked';
  }
}

/**
 * The sandbox answered as it did because its data are not the monolith's: a thing or a session that only one of them has, or a conflict
 * with one. Says nothing about the service; nor does agreement in such a status say that it is wrong.
 */
export function isStateDiverged(left: number, right: number): boolean {
  const accepted = (status: number) => status >= 200 && status < 400;
  return (accepted(left) && OF_STATE.has(right)) || (OF_STATE.has(left) && accepted(right));
}

const OF_STATE: ReadonlySet<number> = new Set([401, 403, 404, 409, 410, 412]);
