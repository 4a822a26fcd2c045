import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CloudMapError } from '../../cli/cloud-map/errors.ts';
import {
  decodeJournal,
  decodeSnapshot,
  encodeEntry,
  encodeHeader,
  encodeSnapshot,
  type JournalEntry,
  replay,
} from '../../cli/cloud-map/persistence/format.ts';
import { Registry } from '../../cli/cloud-map/registry.ts';
import { settle } from '../../cli/cloud-map/settle.ts';
import { type CloudMapState, EMPTY_STATE } from '../../cli/cloud-map/state.ts';

const OWNER = { region: 'us-east-1', accountId: '000000000000' };

/** Commands name namespaces, services and instances by small numbers, so that they often meet. */
const command = fc.oneof(
  fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 150 }) }),
  fc.record({ kind: fc.constant('namespace' as const), which: fc.nat(2) }),
  fc.record({ kind: fc.constant('delete-namespace' as const), which: fc.nat(2) }),
  fc.record({ kind: fc.constant('service' as const), which: fc.nat(2), name: fc.nat(2) }),
  fc.record({ kind: fc.constant('delete-service' as const), which: fc.nat(3) }),
  fc.record({
    kind: fc.constant('register' as const),
    which: fc.nat(3),
    instance: fc.nat(4),
    value: fc.nat(2),
  }),
  fc.record({ kind: fc.constant('deregister' as const), which: fc.nat(3), instance: fc.nat(4) }),
  fc.record({
    kind: fc.constant('health' as const),
    which: fc.nat(3),
    instance: fc.nat(4),
    ill: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('tag' as const), which: fc.nat(3), value: fc.nat(3) }),
);
type Command = typeof command extends fc.Arbitrary<infer One> ? One : never;

interface Run {
  entries: JournalEntry[];
  state: CloudMapState;
  now: number;
}

/** Runs commands against the registry; `look` sees the revisions by name after each. */
async function run(
  commands: readonly Command[],
  look: (revisions: Map<string, number>) => void,
): Promise<Run> {
  const entries: JournalEntry[] = [];
  let state: CloudMapState = EMPTY_STATE;
  let now = 1000;
  let id = 0;
  const counted = (length: number) => {
    id += 1;
    return String(id).padStart(length, '0');
  };
  const registry = new Registry(
    EMPTY_STATE,
    {
      append: async (added, after) => {
        entries.push(...(JSON.parse(JSON.stringify(added)) as JournalEntry[]));
        state = after;
      },
      close: async () => undefined,
    },
    {
      ...OWNER,
      operationDelayMs: 100,
      healthDelayMs: 70,
      clock: () => now,
      random: () => 0.5,
      ids: { random: counted },
    },
  );
  const serviceAt = (which: number) => [...state.services.keys()][which] ?? 'srv-none';
  for (const one of commands) {
    try {
      await perform(one);
    } catch (error) {
      if (!(error instanceof CloudMapError)) throw error;
    }
    const current = settle(state, now);
    look(
      new Map(
        [...current.services.values()].map((service) => [
          `${current.namespaces.get(service.namespaceId)?.name}/${service.name}`,
          service.revision,
        ]),
      ),
    );
  }
  return { entries, state: settle(state, now), now };

  async function perform(one: Command): Promise<void> {
    switch (one.kind) {
      case 'advance':
        now += one.ms;
        return;
      case 'namespace':
        await registry.execute('CreateHttpNamespace', { Name: `n${one.which}` });
        return;
      case 'delete-namespace':
        await registry.execute('DeleteNamespace', {
          Id: [...state.namespaces.keys()][one.which] ?? 'ns-none',
        });
        return;
      case 'service':
        await registry.execute('CreateService', {
          Name: `s${one.name}`,
          NamespaceId: [...settle(state, now).namespaces.keys()][one.which] ?? 'ns-none',
          HealthCheckCustomConfig: {},
        });
        return;
      case 'delete-service':
        await registry.execute('DeleteService', { Id: serviceAt(one.which) });
        return;
      case 'register':
        await registry.execute('RegisterInstance', {
          ServiceId: serviceAt(one.which),
          InstanceId: `i${one.instance}`,
          Attributes: { value: String(one.value), __proto__x: '$map' },
        });
        return;
      case 'deregister':
        await registry.execute('DeregisterInstance', {
          ServiceId: serviceAt(one.which),
          InstanceId: `i${one.instance}`,
        });
        return;
      case 'health':
        await registry.execute('UpdateInstanceCustomHealthStatus', {
          ServiceId: serviceAt(one.which),
          InstanceId: `i${one.instance}`,
          Status: one.ill ? 'UNHEALTHY' : 'HEALTHY',
        });
        return;
      case 'tag':
        await registry.execute('TagResource', {
          ResourceARN: `arn:aws:servicediscovery:us-east-1:000000000000:service/${serviceAt(one.which)}`,
          Tags: [{ Key: `k${one.value}`, Value: 'v' }],
        });
        return;
    }
  }
}

/** A start in which something can happen: two services that stand. */
const PROLOGUE: readonly Command[] = [
  { kind: 'namespace', which: 0 },
  { kind: 'advance', ms: 150 },
  { kind: 'service', which: 0, name: 0 },
  { kind: 'service', which: 0, name: 1 },
];
const history = fc
  .array(command, { maxLength: 60, size: 'max' })
  .map((commands) => [...PROLOGUE, ...commands]);

it('revisions by name only rise, whatever happens, also when a service is made again', async () => {
  let risen = 0;
  await fc.assert(
    fc.asyncProperty(history, async (commands) => {
      const highest = new Map<string, number>();
      await run(commands, (revisions) => {
        for (const [name, revision] of revisions) {
          const before = highest.get(name) ?? 0;
          expect(revision).toBeGreaterThanOrEqual(before);
          if (revision > before) risen += 1;
          highest.set(name, revision);
        }
      });
    }),
    { numRuns: 60 },
  );
  expect(risen).toBeGreaterThan(100);
});

it('the state after replaying the journal equals the state before', async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.nat(), async (commands, cut) => {
      const { entries, state, now } = await run(commands, () => undefined);
      expect(settle(entries.reduce(replay, EMPTY_STATE), now)).toEqual(state);

      // and the same from a snapshot at any point and the rest of the journal as it stands on disk
      const at = cut % (entries.length + 1);
      const part = entries.slice(0, at).reduce(replay, EMPTY_STATE);
      const text = encodeSnapshot({ state: part, sequence: at }, OWNER);
      const snapshot = decodeSnapshot(text, OWNER, 'snapshot.json');
      const lines = entries.map((entry, index) => `${encodeEntry(index + 1, entry)}\n`);
      const bytes = Buffer.from(`${encodeHeader(OWNER)}\n${lines.join('')}`);
      const rest = decodeJournal(bytes, OWNER, 'journal.jsonl').entries.filter(
        (entry) => entry.sequence > snapshot.sequence,
      );
      expect(settle(rest.reduce(replay, snapshot.state), now)).toEqual(state);
    }),
    { numRuns: 60 },
  );
});

it('a journal that is cut anywhere is the history up to its last whole line', async () => {
  const { entries } = await run(
    [...PROLOGUE, { kind: 'register', which: 0, instance: 0, value: 0 }, { kind: 'tag', which: 0, value: 1 }],
    () => undefined,
  );
  const lines = [
    `${encodeHeader(OWNER)}\n`,
    ...entries.map((entry, index) => `${encodeEntry(index + 1, entry)}\n`),
  ];
  const bytes = Buffer.from(lines.join(''));
  for (let length = 0; length <= bytes.length; length += 1) {
    const { entries: read, wholeBytes } = decodeJournal(bytes.subarray(0, length), OWNER, 'journal.jsonl');
    const whole = bytes.toString('utf8', 0, length).split('\n').length - 1;
    expect(read).toHaveLength(Math.max(0, whole - 1));
    expect(wholeBytes).toBe(Buffer.from(lines.slice(0, whole).join('')).length);
  }
});

it('settling step by step gives the same as settling at once', async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.array(fc.nat(400), { maxLength: 5 }), async (commands, steps) => {
      const { entries, now } = await run(commands, () => undefined);
      const last = entries.at(-1)?.at ?? 0;
      const state = entries.reduce(replay, EMPTY_STATE);
      const stepwise = [...steps]
        .sort((a, b) => a - b)
        .reduce((one, step) => settle(one, last + step), state);
      expect(settle(stepwise, now + 400)).toEqual(settle(state, now + 400));
    }),
    { numRuns: 40 },
  );
});
