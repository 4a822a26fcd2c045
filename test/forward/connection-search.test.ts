import { describe, expect, it } from 'vitest';
import type { ConnectionPool } from '../../edge-proxy/forward/connection-pool.ts';
import {
  ConnectionSearch,
  type SearchListener,
  type SearchTerms,
} from '../../edge-proxy/forward/connection-search.ts';
import { TimerWheel } from '../../edge-proxy/forward/timer-wheel.ts';
import type { UpstreamConnection } from '../../edge-proxy/forward/upstream-connection.ts';

const READ: SearchTerms = { connectMs: 1000, repeatable: true, writeReuseMs: 1000, fresh: false };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A kept connection, as far as a search looks at it. */
class Kept {
  usable = true;
  destroyed = false;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  destroy(): void {
    this.destroyed = true;
  }
}

/** A pool with these idle connections, and no room for more. */
function poolOf(idle: Kept[]): ConnectionPool {
  return { take: () => idle.pop(), wait: () => false, cancel: () => {} } as unknown as ConnectionPool;
}

function searchFor(found: string[], name: string): ConnectionSearch {
  const listener: SearchListener = {
    connectionFound(connection: UpstreamConnection) {
      const kept = connection as unknown as Kept;
      if (kept.name === 'defect') throw new Error('a defect');
      found.push(`${name} ${kept.name}`);
    },
    searchDefect: (error) => found.push(`${name} ${(error as Error).message}`),
    noConnection: (failure) => found.push(`${name} ${failure}`),
    connectionDue: () => {},
  };
  return new ConnectionSearch(new TimerWheel(), listener);
}

describe('requests that come in one turn of the event loop', () => {
  it('are sent at its end, in their order', async () => {
    const found: string[] = [];
    const pool = poolOf([new Kept('2'), new Kept('1')]);
    searchFor(found, 'a').begin(pool, READ, 0);
    searchFor(found, 'b').begin(pool, READ, 0);
    await Promise.resolve();
    expect(found).toEqual([]);
    await turn();
    expect(found).toEqual(['a 1', 'b 2']);
  });

  it('take another connection when theirs was closed meanwhile', async () => {
    const found: string[] = [];
    const closing = new Kept('closed');
    searchFor(found, 'a').begin(poolOf([new Kept('other'), closing]), READ, 0);
    closing.usable = false;
    await turn();
    await turn();
    expect(found).toEqual(['a other']);
  });

  it('are told when there is none any more', async () => {
    const found: string[] = [];
    const closing = new Kept('closed');
    searchFor(found, 'a').begin(poolOf([closing]), READ, 0);
    closing.usable = false;
    await turn();
    expect(found).toEqual(['a overload']);
  });

  it('are not sent when their client goes before', async () => {
    const found: string[] = [];
    const taken = new Kept('taken');
    const pool = poolOf([new Kept('kept'), taken]);
    const search = searchFor(found, 'a');
    search.begin(pool, READ, 0);
    searchFor(found, 'b').begin(pool, READ, 0);
    search.cancel();
    await turn();
    expect(found).toEqual(['b kept']);
    expect(taken.destroyed).toBe(true);
  });

  it('end alone when something throws while they are sent', async () => {
    const found: string[] = [];
    const pool = poolOf([new Kept('kept'), new Kept('defect')]);
    searchFor(found, 'a').begin(pool, READ, 0);
    searchFor(found, 'b').begin(pool, READ, 0);
    await turn();
    expect(found).toEqual(['a a defect', 'b kept']);
  });
});
