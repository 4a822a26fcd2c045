/** What a gate found. */
import type { RouteReach } from './reach.ts';

export interface GateReport {
  gate: 'types' | 'boots' | 'answers';
  /** `not-run`: it could not be tried here, which is not the same as passed. `skipped`: nobody wanted it. */
  status: 'passed' | 'failed' | 'not-run' | 'skipped';
  /** One line in plain words. */
  summary: string;
  details: string[];
  remedy?: string;
  /** Of the gate `answers`: how far it reached, route by route. */
  routes?: RouteReach[];
}

export const GATES: readonly GateReport['gate'][] = ['types', 'boots', 'answers'];

export function skippedGates(): GateReport[] {
  return GATES.map((gate) => ({ gate, status: 'skipped', summary: 'not asked for', details: [] }));
}

/** Ends a carve: nothing is written. */
export class GateRefusal extends Error {
  override readonly name = 'GateRefusal';
  readonly reports: GateReport[];

  constructor(reports: GateReport[]) {
    super(reports.find(({ status }) => status === 'failed')?.summary ?? 'a gate refused');
    this.reports = reports;
  }
}
