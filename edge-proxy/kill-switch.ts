import type { CompiledRoute, RoutingTable } from '../migration-plans/routing/table.ts';

/** Why the monolith cannot take everything of a capability at once; undefined: it can. */
export type KillRefusal = 'unknown-capability' | 'retired' | 'service-owns-writes';

/**
 * A kill sends everything to the monolith. It is refused where the monolith no longer answers, and where it may no longer write:
 * there the way back is a rollback, which moves the ownership first.
 */
export function killRefusal(table: RoutingTable, capability: string): KillRefusal | undefined {
  const route = table.routes.find((candidate) => candidate.capability === capability);
  return route === undefined ? 'unknown-capability' : refusalFor(route);
}

function refusalFor(route: CompiledRoute): KillRefusal | undefined {
  if (route.state.phase === 'retired') return 'retired';
  const moved = route.plan.data.stage === 'own-database' && route.state.owner === 'service';
  return moved ? 'service-owns-writes' : undefined;
}

/**
 * Kill switches of this edge alone, for the moment when the state store is away or seconds count. They hold until lifted or until
 * the edge ends; the fleet's own switch is part of the revision.
 */
export class LocalKills {
  readonly #capabilities = new Set<string>();
  #version = 0;

  get size(): number {
    return this.#capabilities.size;
  }

  /** Rises with every change. */
  get version(): number {
    return this.#version;
  }

  list(): string[] {
    return [...this.#capabilities].sort();
  }

  set(capability: string, killed: boolean): void {
    if (this.#capabilities.has(capability) === killed) return;
    if (killed) this.#capabilities.add(capability);
    else this.#capabilities.delete(capability);
    this.#version += 1;
  }

  /** The route as it is to be decided on: with its switch thrown if it is killed here and can be. */
  apply(route: CompiledRoute): CompiledRoute {
    if (!this.#capabilities.has(route.capability) || refusalFor(route) !== undefined) return route;
    return { ...route, state: { ...route.state, killed: true } };
  }
}
