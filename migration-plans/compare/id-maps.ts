/** Pairs kept of each map. */
const MAX_PAIRS = 10_000;

/**
 * Which id of the monolith is which id of the service. A map must be one to one: two rows that became one, or ids that were swapped,
 * break it. Pass the same object to several comparisons to hold them to one map; pairs beyond the limit are not remembered.
 */
export class IdMaps {
  private readonly maps = new Map<string, { forward: Map<string, string>; backward: Map<string, string> }>();

  /** Whether the pair agrees with what is known of the map. */
  agrees(map: string, left: string, right: string): boolean {
    const known = this.maps.get(map);
    if (known === undefined) return true;
    return (known.forward.get(left) ?? right) === right && (known.backward.get(right) ?? left) === left;
  }

  /** Remembers the pair unless the map is full or already disagrees. */
  add(map: string, left: string, right: string): void {
    let known = this.maps.get(map);
    if (known === undefined) {
      known = { forward: new Map(), backward: new Map() };
      this.maps.set(map, known);
    }
    if (known.forward.size >= MAX_PAIRS || known.forward.has(left) || known.backward.has(right)) return;
    known.forward.set(left, right);
    known.backward.set(right, left);
  }
}
