/** Who makes the parts of a service, put together. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monolithPatch } from './ports/monolith/patch.ts';
import { portFiles } from './ports/service-files.ts';
import { stubOf } from './ports/stub.ts';
import type { Makers } from './produce.ts';
import { planYaml, serviceFiles } from './service/files.ts';
import { type StubMaker, sliceService } from './slice/service-slice.ts';

const stubs: StubMaker = {
  port: (port, spec, indent) => stubOf(port, spec, { indent }),
  identity: () => {
    throw new Error('asking the monolith who calls is made by the ports');
  },
};

export const MAKERS: Makers = {
  slice: (deep, capability, decisions) => sliceService(deep, capability, decisions, stubs),
  serviceFiles: (spec, taken) => serviceFiles(spec, { taken }),
  portFiles,
  monolithPatch: (spec) =>
    monolithPatch(spec, (path) => {
      const file = join(spec.layout.base, path);
      return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    })?.patch,
  planYaml,
};
