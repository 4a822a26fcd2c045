import { StranglerError } from '../../../migration-plans/errors.ts';
import { applyEvent, type CloudMapEvent } from '../events.ts';
import { settle } from '../settle.ts';
import type {
  CloudMapState,
  InstanceRecord,
  NamespaceRecord,
  OperationRecord,
  ServiceRecord,
  Tags,
} from '../state.ts';

export const FORMAT = 'strangler-cloud-map';
/** Of the shapes of state and events on disk. A change of either raises it, and needs an upgrader from the one before. */
export const FORMAT_VERSION = 1;

/** Whose data it is: ids and tags are bound to it through their ARNs. */
export interface Owner {
  region: string;
  accountId: string;
}

interface Header extends Owner {
  format: string;
  version: number;
}

/** What one request changed, when. */
export interface JournalEntry {
  at: number;
  events: readonly CloudMapEvent[];
}

export interface Snapshot {
  state: CloudMapState;
  /** The number of the last journal entry that the state contains. */
  sequence: number;
}

interface StoredState {
  namespaces: NamespaceRecord[];
  services: (Omit<ServiceRecord, 'instances'> & { instances: InstanceRecord[] })[];
  operations: OperationRecord[];
  open: string[];
  tags: [string, Tags][];
  ordinal: number;
  revision: number;
}

/** The state after a journal entry: what is due by then is done first, as when the request was decided. */
export function replay(state: CloudMapState, entry: JournalEntry): CloudMapState {
  return entry.events.reduce(applyEvent, settle(state, entry.at));
}

export function encodeHeader(owner: Owner): string {
  return JSON.stringify({ format: FORMAT, version: FORMAT_VERSION, ...owner } satisfies Header);
}

export function encodeEntry(sequence: number, entry: JournalEntry): string {
  return JSON.stringify({ n: sequence, at: entry.at, events: entry.events });
}

export function encodeSnapshot({ state, sequence }: Snapshot, owner: Owner): string {
  const stored: StoredState = {
    namespaces: [...state.namespaces.values()],
    services: [...state.services.values()].map((service) => ({
      ...service,
      instances: [...service.instances.values()],
    })),
    operations: [...state.operations.values()],
    open: [...state.open],
    tags: [...state.tags],
    ordinal: state.ordinal,
    revision: state.revision,
  };
  return `${encodeHeader(owner)}\n${JSON.stringify({ sequence, state: stored })}\n`;
}

/** @throws StranglerError for another format, version or owner, and for damage */
export function decodeSnapshot(text: string, owner: Owner, file: string): Snapshot {
  const [header = '', body = ''] = text.split('\n');
  checkHeader(header, owner, file);
  const { sequence, state } = parse<{ sequence: number; state: StoredState }>(body, file, 2);
  return {
    sequence,
    state: {
      ...state,
      namespaces: new Map(state.namespaces.map((record) => [record.id, record])),
      services: new Map(
        state.services.map((service) => [
          service.id,
          { ...service, instances: new Map(service.instances.map((record) => [record.id, record])) },
        ]),
      ),
      operations: new Map(state.operations.map((record) => [record.id, record])),
      tags: new Map(state.tags),
    },
  };
}

export interface DecodedJournal {
  entries: (JournalEntry & { sequence: number })[];
  /** Bytes up to the end of the last whole line. What follows was being written when the process died. */
  wholeBytes: number;
}

/**
 * Reads a journal. Its last line may be cut off: that request was never answered. Any other damage is refused, because going on
 * would forget registrations silently.
 *
 * @throws StranglerError
 */
export function decodeJournal(bytes: Buffer, owner: Owner, file: string): DecodedJournal {
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end === 0) return { entries: [], wholeBytes: 0 };
  const lines = bytes.toString('utf8', 0, end - 1).split('\n');
  checkHeader(lines[0] ?? '', owner, file);
  const entries: DecodedJournal['entries'] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0) continue;
    const { n, at, events } = parse<{ n: number; at: number; events: CloudMapEvent[] }>(
      line,
      file,
      index + 1,
    );
    const before = entries.at(-1);
    if (before && n !== before.sequence + 1) throw damaged(file, index + 1);
    entries.push({ sequence: n, at, events });
  }
  return { entries, wholeBytes: end };
}

function checkHeader(line: string, owner: Owner, file: string): void {
  const header = parse<Partial<Header>>(line, file, 1);
  if (header.format !== FORMAT) throw damaged(file, 1);
  if (header.version !== FORMAT_VERSION) {
    throw new StranglerError(
      'CLOUD_MAP_DATA_VERSION',
      `The Cloud Map data has version ${String(header.version)}; this release reads version ${FORMAT_VERSION}.`,
      { place: { file }, remedy: 'Use the release that wrote it, or give another data folder.' },
    );
  }
  if (header.region !== owner.region || header.accountId !== owner.accountId) {
    throw new StranglerError(
      'CLOUD_MAP_DATA_OWNER',
      `The Cloud Map data belongs to account ${String(header.accountId)} in ${String(header.region)}, not to account ${owner.accountId} in ${owner.region}.`,
      { place: { file }, remedy: 'Start with that region and account, or give another data folder.' },
    );
  }
}

function parse<Content>(line: string, file: string, number: number): Content {
  try {
    const content: unknown = JSON.parse(line);
    if (typeof content === 'object' && content !== null) return content as Content;
  } catch (cause) {
    throw damaged(file, number, cause);
  }
  throw damaged(file, number);
}

function damaged(file: string, line: number, cause?: unknown): StranglerError {
  return new StranglerError('CLOUD_MAP_DATA_DAMAGED', 'The Cloud Map data is damaged.', {
    place: { file, line },
    remedy: 'Restore the data folder from a backup, or delete it: services register themselves again.',
    cause,
  });
}
