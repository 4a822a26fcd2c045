import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monolithPatch } from './ports/monolith/patch.ts';
import { portFiles } from './ports/service-files.ts';
import { identityStubOf, stubOf } from './ports/stub.ts';
import type { Makers } from './produce.ts';
import type { EnvironmentVariable } from './service/docs/readme.ts';
import { planYaml, serviceFiles } from './service/files.ts';
import type { ServiceSpec } from './service/spec.ts';
import { sliceService } from './slice/service-slice.ts';

/** Who makes the parts of a service. */
export const MAKERS: Makers = {
  slice: (deep, capability, decisions) =>
    sliceService(deep, capability, decisions, {
      port: (port, spec, indent) => stubOf(port, spec, { indent }),
      identity: (identity, spec, indent) => identityStubOf(identity, spec, { indent }),
    }),
  serviceFiles: (spec, taken) => serviceFiles(spec, taken, { environment: portEnvironment(spec) }),
  portFiles,
  monolithPatch: (spec) => monolithPatch(spec, (path) => readMonolith(spec, path))?.patch,
  planYaml,
};

function readMonolith(spec: ServiceSpec, path: string): string | undefined {
  try {
    return readFileSync(join(spec.layout.base, path), 'utf8');
  } catch {
    return undefined;
  }
}

function portEnvironment(spec: ServiceSpec): EnvironmentVariable[] {
  if (!callsMonolith(spec)) return [];
  return [
    {
      name: 'MONOLITH_URL',
      meaning: 'where the monolith answers, such as http://127.0.0.1:3000',
      default: undefined,
    },
    {
      name: 'MONOLITH_PORTS_TOKEN',
      meaning: 'the secret that the monolith expects of the service; the same in both',
      default: undefined,
    },
  ];
}

export function callsMonolith(spec: ServiceSpec): boolean {
  return spec.identity.length > 0 || spec.ports.some(({ direction }) => direction === 'service-to-monolith');
}
