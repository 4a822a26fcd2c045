import { expect, it } from 'vitest';
import { noiseCauses } from '../../cli/report/noise-causes.ts';
import type { ClassifiedCluster } from '../../migration-plans/evidence/classify.ts';
import { clusterOf } from './clusters.ts';

const noise = (
  path: string,
  kind: 'value' | 'order' | 'missing' | 'relation' | 'type',
  shape: string,
  rate = 0.5,
) =>
  ({
    cluster: clusterOf('GET /things', { kind, path, shape }),
    noise: { seen: 1, of: 2, rate, lower: 0, upper: 1 },
  }) as ClassifiedCluster;

it('sums noise up by cause, a field once however often it differs, most fields first', () => {
  const causes = noiseCauses([
    noise('$.at', 'value', 'iso-time.3 Z→iso-time.3 Z'),
    noise('$.at', 'relation', 'clock in step'),
    noise('$.seen', 'value', 'http-date→http-date', 0.9),
    noise('$.id', 'value', 'uuid→uuid'),
    noise('$.token', 'relation', 'same as header:x-request-id: kept'),
    noise('$.views', 'value', 'integer→integer'),
    noise('$.list', 'order', 'list'),
    noise('$.list[*]', 'missing', 'element→absent'),
    noise('$.text', 'value', 'text≈text'),
    noise('$.odd', 'type', 'number→null'),
  ]);
  expect(causes.map(({ cause, fields }) => [cause, fields])).toEqual([
    ['made-up value', 2],
    ['time', 2],
    ['coming and going', 1],
    ['form', 1],
    ['number', 1],
    ['order', 1],
    ['text', 1],
  ]);
  expect(causes[1]!.example).toEqual({ route: 'GET /things', path: '$.seen', share: 0.9 });
});

it('is empty without noise', () => {
  expect(noiseCauses([])).toEqual([]);
});
