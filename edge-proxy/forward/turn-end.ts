/** Something to do when this turn of the event loop has taken in what there was to read. */
export interface AtTurnEnd {
  turnEnded(): void;
}

let waiting: AtTurnEnd[] = [];

/** Calls `turnEnded` once, in the check phase of this turn of the event loop, in the order of asking. */
export function atTurnEnd(one: AtTurnEnd): void {
  if (waiting.length === 0) setImmediate(end);
  waiting.push(one);
}

function end(): void {
  const due = waiting;
  waiting = [];
  let index = 0;
  try {
    while (index < due.length) due[index++]!.turnEnded();
  } finally {
    // One that throws takes none of the others with it.
    while (index < due.length) atTurnEnd(due[index++]!);
  }
}
