import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { portsFolder } from './ports/digest.ts';
import { inferredTypes } from './ports/inferred-types.ts';
import { monolithPatch } from './ports/monolith/patch.ts';
import { withoutPatches } from './ports/monolith/unpatched.ts';
import { portFiles } from './ports/service-files.ts';
import { identityStubOf, stubOf } from './ports/stub.ts';
import type { Makers } from './produce.ts';
import type { EnvironmentVariable } from './service/docs/readme.ts';
import { planYaml, serviceFiles } from './service/files.ts';
import type { ServiceSpec } from './service/spec.ts';
import { type StubMaker, sliceService } from './slice/service-slice.ts';

/** Who makes the parts of a service. */
export const MAKERS: Makers = {
  slice: async (deep, capability, decisions) => {
    const { spec, plan, files } = sliceService(deep, capability, decisions);
    const inferred = plan.refusals.length === 0 ? await inferredTypes(spec) : new Map<string, string>();
    const stubs: StubMaker = {
      port: (port, of, indent, names) => {
        const type = inferred.get(port.address);
        const options = { indent, ...(type !== undefined && { inferred: type }) };
        const stub = stubOf(port, of, options);
        const missing = new Set(stub.mentions.filter((name) => !names.has(name)));
        return missing.size === 0 ? stub : stubOf(port, of, { ...options, missing });
      },
      identity: (identity, of, indent) => identityStubOf(identity, of, { indent }),
    };
    return { spec, plan, files: plan.refusals.length === 0 ? files(stubs) : [] };
  },
  serviceFiles: (spec, taken) => serviceFiles(spec, taken, { environment: portEnvironment(spec) }),
  portFiles,
  monolithPatch: (spec, patched) => {
    const own = patched.filter(({ capability }) => capability === portsFolder(spec));
    const others = patched.filter(({ capability }) => capability !== portsFolder(spec));
    const read = (path: string): string | undefined => {
      const text = readMonolith(spec, path);
      return text === undefined ? undefined : withoutPatches(own, join(spec.layout.base, path), text)?.text;
    };
    // The analysis saw the monolith without any patch; this one goes on top of those of the others.
    const lineNow = (path: string, line: number): number => {
      const text = read(path);
      const stripped =
        text === undefined ? undefined : withoutPatches(others, join(spec.layout.base, path), text);
      return stripped?.lines[line - 1] ?? line;
    };
    return monolithPatch(spec, read, lineNow)?.patch;
  },
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
