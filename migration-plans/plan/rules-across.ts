import { basename } from 'node:path';
import type { Finding } from '../errors.ts';
import { formatPlace } from '../errors.ts';
import { commonMethods, excepts, findOverlaps, type OverlapClaim, templateOf } from '../routing/overlap.ts';
import { intersect, shapeOf } from '../routing/template.ts';
import type { YamlSource } from '../yaml/source.ts';
import type { NormalisedPlan } from './normalise.ts';

/** A plan file that is right by itself. */
export interface LoadedPlan extends NormalisedPlan {
  source: YamlSource;
}

interface PlacedClaim extends OverlapClaim {
  loaded: LoadedPlan;
  /** Index in the file's `routes`. */
  origin: number;
  id: string;
}

const OVERLAPS_REPORTED = 50;

/** What is only wrong between routes or between plans. Sorted by file, so that messages do not depend on the order of reading. */
export function checkAcross(plans: readonly LoadedPlan[]): Finding[] {
  const sorted = [...plans].sort((a, b) => (a.source.file < b.source.file ? -1 : 1));
  return [
    ...filesAreNamedAfterCapability(sorted),
    ...capabilitiesDiffer(sorted),
    ...claimsDoNotOverlap(sorted),
    ...routesAreNotRepeated(sorted),
    ...exceptionsMatter(sorted),
    ...tablesHaveOneOwner(sorted),
    ...sandboxesAreNotLive(sorted),
  ];
}

function filesAreNamedAfterCapability(plans: readonly LoadedPlan[]): Finding[] {
  return plans.flatMap(({ plan, source }) => {
    const name = basename(source.file).replace(/\.ya?ml$/, '');
    if (name === plan.capability) return [];
    return [
      {
        code: 'PLAN_FILE_NAME',
        severity: 'warning' as const,
        message: `the plan of "${plan.capability}" stands in a file named "${name}"`,
        place: source.placeOf(['capability']),
        remedy: `Rename the file to ${plan.capability}.yaml.`,
      },
    ];
  });
}

function capabilitiesDiffer(plans: readonly LoadedPlan[]): Finding[] {
  const seen = new Map<string, LoadedPlan>();
  return plans.flatMap((loaded) => {
    const { capability } = loaded.plan;
    const other = seen.get(capability);
    if (other === undefined) {
      seen.set(capability, loaded);
      return [];
    }
    return [
      {
        code: 'PLAN_DUPLICATE_CAPABILITY',
        severity: 'error' as const,
        message: `"${capability}" has a plan already, in ${formatPlace(other.source.placeOf(['capability']))}`,
        place: loaded.source.placeOf(['capability']),
        remedy: 'Give one of them another name, or put the routes into one plan.',
      },
    ];
  });
}

function claimsOf(loaded: LoadedPlan): PlacedClaim[] {
  return loaded.plan.routes.flatMap((route, index) => {
    const template = templateOf(route.template);
    if (template === undefined) return [];
    const { id, methods } = route;
    return [
      {
        capability: loaded.plan.capability,
        methods,
        template,
        loaded,
        id,
        origin: loaded.routeOrigins[index]!,
      },
    ];
  });
}

function exceptionsOf({ plan }: LoadedPlan): OverlapClaim[] {
  return (plan.except ?? []).flatMap(({ methods, template: text }) => {
    const template = templateOf(text);
    return template === undefined ? [] : [{ capability: plan.capability, methods, template }];
  });
}

/** Two plans must not both want a request. Within a plan the more precise template has it. */
function claimsDoNotOverlap(plans: readonly LoadedPlan[]): Finding[] {
  const exceptions = new Map(plans.map((loaded) => [loaded, exceptionsOf(loaded)]));
  const settled = (a: PlacedClaim, b: PlacedClaim): boolean => {
    const common = intersect(a.template, b.template);
    const methods = commonMethods(a.methods, b.methods);
    const all = [...exceptions.get(a.loaded)!, ...exceptions.get(b.loaded)!];
    return common === undefined || all.some((exception) => excepts(exception, methods, common));
  };
  const overlaps = findOverlaps(
    plans.flatMap(claimsOf),
    (a, b) => a.capability !== b.capability && !settled(a, b),
    OVERLAPS_REPORTED,
  );
  return overlaps.map(({ first, second, template, same }) => {
    const place = formatPlace(first.loaded.source.placeOf(['routes', first.origin]));
    const methods = commonMethods(first.methods, second.methods).join(',');
    const shared = template.replaceAll('/:/', '/:any/').replace(/\/:(?=\/|$)/g, '/:any');
    return {
      code: 'PLAN_OVERLAP',
      severity: 'error',
      message: same
        ? `"${second.id}" is claimed by "${first.capability}" too, as "${first.id}" in ${place}`
        : `"${second.id}" overlaps with "${first.id}" of "${first.capability}" in ${place}: both match ${methods} ${shared}`,
      place: second.loaded.source.placeOf(['routes', second.origin]),
      remedy: same
        ? 'Leave the route to one of the two plans.'
        : `Say whose it is: add "except: [ ${methods} ${numbered(shared)} ]" to the plan that shall not have it.`,
    };
  });
}

/** `/:any/x/:any` with names that differ, so that it can be copied into a plan. */
function numbered(template: string): string {
  let count = 0;
  return template.replace(/:any/g, () => `:p${++count}`);
}

function routesAreNotRepeated(plans: readonly LoadedPlan[]): Finding[] {
  return plans.flatMap((loaded) => {
    const claims = claimsOf(loaded);
    const repeated = findOverlaps(
      claims,
      (a, b) =>
        a.origin !== b.origin &&
        sharesMethodExactly(a.methods, b.methods) &&
        shapeOf(a.template) === shapeOf(b.template),
      OVERLAPS_REPORTED,
    );
    return repeated.map(({ first, second }) => ({
      code: 'PLAN_ROUTE_SHADOWED',
      severity: 'error' as const,
      message: `"${second.id}" can never match: line ${loaded.source.placeOf(['routes', first.origin]).line} claims the same requests as "${first.id}"`,
      place: loaded.source.placeOf(['routes', second.origin]),
      remedy: 'Remove one of the two.',
    }));
  });
}

/** HEAD beside GET and a method beside `*` are precedence, not repetition. */
function sharesMethodExactly(a: readonly string[], b: readonly string[]): boolean {
  return a.some((method) => b.includes(method));
}

function exceptionsMatter(plans: readonly LoadedPlan[]): Finding[] {
  return plans.flatMap((loaded) => {
    const claims = claimsOf(loaded);
    const exceptions = exceptionsOf(loaded);
    const useless = exceptions.flatMap((exception, index) => {
      const used = claims.some(
        (claim) =>
          intersect(claim.template, exception.template) !== undefined &&
          commonMethods(claim.methods, exception.methods).length > 0,
      );
      if (used) return [];
      return [
        {
          code: 'PLAN_EXCEPT_UNUSED',
          severity: 'warning' as const,
          message: 'the exception takes nothing out: no route of this plan matches it',
          place: loaded.source.placeOf(['except', index]),
        },
      ];
    });
    const dead = claims
      .filter((claim) => exceptions.some((exception) => excepts(exception, claim.methods, claim.template)))
      .map((claim) => ({
        code: 'PLAN_ROUTE_SHADOWED',
        severity: 'error' as const,
        message: `"${claim.id}" can never match: an exception of this plan takes all of it out`,
        place: loaded.source.placeOf(['routes', claim.origin]),
        remedy: 'Remove the route or narrow the exception.',
      }));
    return [...useless, ...dead];
  });
}

/** A table that is moved has one capability to move it. */
function tablesHaveOneOwner(plans: readonly LoadedPlan[]): Finding[] {
  const owners = new Map<string, LoadedPlan>();
  return plans.flatMap((loaded) =>
    loaded.plan.data.tables.flatMap((table, index) => {
      const other = owners.get(table);
      if (other === undefined) {
        owners.set(table, loaded);
        return [];
      }
      const moved = [loaded, other].some(({ plan }) => plan.data.stage === 'own-database');
      return [
        {
          code: 'PLAN_TABLE_SHARED',
          severity: moved ? ('error' as const) : ('warning' as const),
          message: `the table "${table}" belongs to "${other.plan.capability}" too`,
          place: loaded.source.placeOf(['data', 'tables', index]),
          remedy: 'A table has one owner: leave it to one of the plans, and let the other ask that service.',
        },
      ];
    }),
  );
}

/**
 * A write that is mirrored to a service in use happens twice. Where one of two equal names omits its namespace, only `strangler.yaml`
 * tells whether they are the same: then it is a warning, and edges, which know, mirror nothing if they are.
 */
function sandboxesAreNotLive(plans: readonly LoadedPlan[]): Finding[] {
  return plans.flatMap(({ plan, source }) => {
    const sandbox = plan.shadow.sandbox?.service;
    if (sandbox === undefined) return [];
    for (const other of plans) {
      const { service, capability } = other.plan;
      const same = service.namespace === sandbox.namespace;
      if (service.name !== sandbox.name) continue;
      if (!same && service.namespace !== undefined && sandbox.namespace !== undefined) continue;
      const whose = other.plan === plan ? 'the service itself' : `the service of "${capability}"`;
      return [
        {
          code: 'PLAN_SANDBOX',
          severity: same ? ('error' as const) : ('warning' as const),
          message: same
            ? `the sandbox is ${whose}: mirrored writes would change live data`
            : `the sandbox is ${whose} if both namespaces are the same; no write is mirrored then`,
          place: source.placeOf(['shadow', 'sandbox', 'service']),
          remedy: 'Run a second instance of the service with data of its own, under another service name.',
        },
      ];
    }
    return [];
  });
}
