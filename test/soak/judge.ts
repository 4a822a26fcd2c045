import { SHADOW_LIMITS } from '../../edge-proxy/shadow/limits.ts';
import { median } from '../bench/open-loop.ts';
import type { Sample } from './watch.ts';

/** One thing that must hold at the end of a soak. */
export interface Finding {
  what: string;
  seen: string;
  wanted: string;
  ok: boolean;
}

export interface SoakFacts {
  /** While clients were there, in order. */
  samples: readonly Sample[];
  /** Before the first client came, and after the last had left and idle connections had run out. */
  before: Sample;
  after: Sample;
  workers: number;
  requests: number;
  failed: number;
  accepted: number;
  lost: number;
  duplicated: number;
  revisions: number;
  killed: number;
}

/** The first part of a run, in which caches fill and code is compiled, says nothing about leaks: this share, and at most so many seconds. */
const WARM_UP_SHARE = 0.4;
const WARM_UP_SECONDS = 150;
/** A shorter run is all warm-up: its memory is shown, not judged. Seconds. */
const SHORTEST_JUDGED = 180;
/** Memory may rise over the judged part by this share of its middle, or by so much. Bytes a process. */
const GROWTH_SHARE = 0.1;
const GROWTH_BYTES = 16e6;
/** Files of the runtime, of the store's pool and of Cloud Map's client come and go by a few. Per process. */
const SPARE_HANDLES = 12;
/** The two threads of mirroring begin with the first copy, after the first look, and have files of their own. Per process. */
const THREAD_HANDLES = 12;
/**
 * p99 of the event loop's delay, as the median over the samples: so much, or on a crowded machine twice what the soak's own process
 * suffers, which has less to do. Node's measure has a grain of 10 ms.
 */
const LAG_MS = 50;
const LAG_RATIO = 2;
/** A machine on which even the soak's own process is held up by so much cannot serve in time, whoever the proxy is. Milliseconds. */
const CROWDED_MS = 150;

/** Judges a soak by what was seen. Pure. */
export function judge(facts: SoakFacts): Finding[] {
  const { samples, before, after, workers } = facts;
  const steady = steadyPart(samples);
  const memory = trend(steady.map(({ at, residentBytes }) => [at, residentBytes]));
  const allowed = Math.max(GROWTH_SHARE * memory.middle, GROWTH_BYTES * workers);
  const handles = trend(steady.map((sample) => [sample.at, sample.handles]));
  const long = (samples.at(-1)?.at ?? 0) >= SHORTEST_JUDGED;
  const lag = median(samples.map(({ lagMs }) => lagMs));
  const own = median(samples.map(({ ownLagMs }) => ownLagMs));
  const lagAllowed = Math.max(LAG_MS, LAG_RATIO * own);
  const most = (of: (sample: Sample) => number): number => Math.max(0, ...samples.map(of));
  const queued = most(({ shadowQueued }) => shadowQueued);
  const held = most(({ shadowBytes }) => shadowBytes);
  const limit = (value: number): number => value * workers;
  return [
    zero('failed requests', facts.failed, `of ${facts.requests}`),
    zero('accepted writes that are not there', facts.lost, `of ${facts.accepted}`),
    zero('writes that are there twice', facts.duplicated, ''),
    {
      what: 'memory after warm-up',
      seen: `${mega(memory.middle)} MB, ${signed(memory.growth / 1e6)} MB (${signed((memory.slope * 60) / 1e6)} MB a minute)`,
      wanted: long ? `grows by at most ${mega(allowed)} MB` : `not judged below ${SHORTEST_JUDGED} s`,
      ok: !long || memory.growth <= allowed,
    },
    {
      what: 'open handles after warm-up',
      seen: `${handles.middle.toFixed(0)}, ${signed(handles.growth)}`,
      wanted: `grow by at most ${limit(SPARE_HANDLES)}`,
      ok: !long || handles.growth <= limit(SPARE_HANDLES),
    },
    {
      what: 'open handles when all have left',
      seen: `${before.handles} before, ${after.handles} after`,
      wanted: `at most ${limit(SPARE_HANDLES + THREAD_HANDLES)} more`,
      ok: after.handles <= before.handles + limit(SPARE_HANDLES + THREAD_HANDLES),
    },
    zero('connections of clients when all have left', after.connections, ''),
    {
      what: 'event loop delay, p99',
      seen: `${lag.toFixed(0)} ms in the middle, ${most(({ lagMs }) => lagMs).toFixed(0)} at worst`,
      wanted: `at most ${lagAllowed.toFixed(0)} ms in the middle`,
      ok: lag <= lagAllowed,
    },
    {
      what: 'room on the machine',
      seen: `the soak's own event loop is late by ${own.toFixed(0)} ms, p99`,
      wanted: `at most ${CROWDED_MS} ms; else other findings say little`,
      ok: own <= CROWDED_MS,
    },
    {
      what: 'shadow queue',
      seen: `${queued} entries, ${mega(held)} MB at most; ${after.shadowQueued} at the end`,
      wanted: `${limit(SHADOW_LIMITS.queueEntries)} entries, ${mega(limit(SHADOW_LIMITS.queueBytes))} MB; 0`,
      ok:
        queued <= limit(SHADOW_LIMITS.queueEntries) &&
        held <= limit(SHADOW_LIMITS.queueBytes) &&
        after.shadowQueued === 0,
    },
    {
      what: 'something happened',
      seen: `${facts.accepted} writes, ${facts.revisions} revisions, ${facts.killed} kills, ${after.shadowCompared} compared`,
      wanted: 'some of each',
      ok: facts.accepted > 0 && facts.revisions > 0 && facts.killed > 0 && after.shadowCompared > 0,
    },
  ];
}

/** What of the samples comes after the warm-up. */
export function steadyPart(samples: readonly Sample[]): Sample[] {
  const last = samples.at(-1)?.at ?? 0;
  const from = Math.min(WARM_UP_SECONDS, last * WARM_UP_SHARE);
  return samples.filter(({ at }) => at >= from);
}

/** The straight line through points by least squares. */
export function trend(points: readonly (readonly [x: number, y: number])[]): {
  /** Of y in one x. */
  slope: number;
  /** Slope times the width. */
  growth: number;
  middle: number;
} {
  const count = points.length;
  if (count === 0) return { slope: 0, growth: 0, middle: 0 };
  const mean = (of: 0 | 1): number => points.reduce((sum, point) => sum + point[of], 0) / count;
  const [x, y] = [mean(0), mean(1)];
  let over = 0;
  let under = 0;
  for (const [px, py] of points) {
    over += (px - x) * (py - y);
    under += (px - x) ** 2;
  }
  const slope = under === 0 ? 0 : over / under;
  return { slope, growth: slope * (points[count - 1]![0] - points[0]![0]), middle: y };
}

function zero(what: string, seen: number, of: string): Finding {
  return { what, seen: of === '' ? String(seen) : `${seen} ${of}`, wanted: '0', ok: seen === 0 };
}

function mega(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e6 && bytes > 0 ? 2 : 0);
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;
}
