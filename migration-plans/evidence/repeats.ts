/**
 * Recognises a value that should change from answer to answer but does not: a token that is always the same. Whether a value repeats
 * depends on how long ago it was last looked at (a clock that shows minutes repeats within a minute), and the two lanes are looked at
 * at different rates. So the same value again is counted by the time that has passed, in the same classes for both lanes.
 */
export type RepeatShape = `${'again' | 'changed'} after ${string}`;

/** From, in milliseconds. A class ends where the next begins. */
const AGES: readonly { from: number; name: string }[] = [
  { from: 1_000, name: '1 s' },
  { from: 8_000, name: '8 s' },
  { from: 64_000, name: '1 min' },
  { from: 512_000, name: '9 min' },
];

/** Values remembered by one lane. */
const MAX_FIELDS = 2_000;

interface Seen {
  digest: number;
  at: number;
}

export class RepeatMemory {
  private readonly fields = new Map<string, (Seen | undefined)[]>();

  /** Looks at a value of a field at a time (milliseconds since the epoch); what is told depends on earlier looks only. */
  look(field: string, digest: number, now: number): RepeatShape[] {
    let seen = this.fields.get(field);
    if (seen === undefined) {
      if (this.fields.size >= MAX_FIELDS) return [];
      seen = AGES.map(() => undefined);
      this.fields.set(field, seen);
    }
    const shapes: RepeatShape[] = [];
    for (let i = 0; i < AGES.length; i++) {
      const before = seen[i];
      const age = before === undefined ? 0 : now - before.at;
      if (before !== undefined && age < AGES[i]!.from) continue;
      const next = AGES[i + 1];
      if (before !== undefined && (next === undefined || age < next.from)) {
        shapes.push(`${before.digest === digest ? 'again' : 'changed'} after ${AGES[i]!.name}`);
      }
      seen[i] = { digest, at: now };
    }
    return shapes;
  }
}
