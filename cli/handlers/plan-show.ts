import { explain } from '../../migration-plans/plan/explain.ts';
import { requirePlans } from '../../migration-plans/plan/load.ts';
import type { Handler } from '../commands/command.ts';
import { projectOf } from '../controller/project.ts';
import { sanitise } from '../terminal/sanitise.ts';
import { unknownCapability } from '../terminal/suggest.ts';
import { renderTable } from '../terminal/table.ts';

/** Explains a plan in plain words, or lists all. */
export const planShow: Handler = async (call) => {
  const project = await projectOf(call);
  const plans = await requirePlans(project.plansDir);
  const { capability } = call.args;
  if (capability !== undefined) {
    const plan = plans[capability];
    if (plan === undefined) throw unknownCapability(capability, Object.keys(plans));
    return { document: plan, lines: explain(plan).split('\n').map(sanitise) };
  }
  const all = Object.values(plans);
  const rows = all.map((plan) => [
    plan.capability,
    String(plan.routes.length),
    plan.service.name,
    plan.data.stage,
    sanitise(plan.description),
  ]);
  const columns = [
    { title: 'CAPABILITY' },
    { title: 'ROUTES', align: 'right' as const },
    { title: 'SERVICE' },
    { title: 'DATA' },
    { title: '' },
  ];
  return {
    document: { plans: all },
    lines: all.length === 0 ? [`no plans yet in ${project.plansDir}`] : renderTable(columns, rows),
  };
};
