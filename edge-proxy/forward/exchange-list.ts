/** A member of one `ExchangeList`. Its links belong to the list. */
export interface Listed {
  listNext: Listed | undefined;
  listPrevious: Listed | undefined;
}

/**
 * What is in flight, as a list through its own members. A `Set` that changes with every request keeps garbage alive: V8 leaves each
 * outgrown table pointing to its successor, so one that reached the old generation drags all later ones and what they hold after it.
 */
export class ExchangeList<T extends Listed> {
  #first: Listed | undefined;
  size = 0;

  add(member: T): void {
    const first = this.#first;
    member.listNext = first;
    if (first !== undefined) first.listPrevious = member;
    this.#first = member;
    this.size += 1;
  }

  /** The member must be in the list. */
  remove(member: T): void {
    const { listNext: next, listPrevious: previous } = member;
    if (previous === undefined) this.#first = next;
    else previous.listNext = next;
    if (next !== undefined) next.listPrevious = previous;
    member.listNext = undefined;
    member.listPrevious = undefined;
    this.size -= 1;
  }

  /** A copy: members may leave while it is walked through. */
  members(): T[] {
    const members: T[] = [];
    for (let member = this.#first; member !== undefined; member = member.listNext) members.push(member as T);
    return members;
  }
}
