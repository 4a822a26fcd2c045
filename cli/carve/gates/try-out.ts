import type { TryOut } from '../carve-service.ts';
import type { ProducedService } from '../produce.ts';
import type { ServiceView } from '../write/write.ts';

export interface TryOptions {
  /** Folder of the monolith. */
  monolith: string;
  /** May packages be installed from the registry. */
  install: boolean;
  cwd: string;
  seed: string | undefined;
  requests: string | undefined;
  monolithCommand: string | undefined;
  monolithUrl: string | undefined;
  onProgress(line: string): void;
  signal: AbortSignal;
}

/** Tries a service before it is written: types, start, answers. */
export async function tryOut(
  _service: ProducedService,
  _view: ServiceView,
  _options: TryOptions,
): Promise<TryOut> {
  return {
    gates: (['types', 'boots', 'answers'] as const).map((gate) => ({
      gate,
      status: 'not-run',
      summary: 'this build has no gates yet',
      details: [],
    })),
    recorded: undefined,
  };
}
