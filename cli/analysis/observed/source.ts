import { inferInventory } from '../../../migration-plans/observe/infer.ts';
import type { Inventory } from '../../../migration-plans/observe/inventory.ts';
import { findProject, loadProject } from '../../../migration-plans/project/load.ts';
import type { Call } from '../../commands/command.ts';
import { configFile } from '../../controller/project.ts';
import { observedBy } from '../../observe/source.ts';

/**
 * What the edges of the project here saw. Undefined: there is no project, no store, or nothing was seen; an analysis needs none of
 * them, so trouble with the store is told and does not end it.
 */
export async function observedInventory(call: Call): Promise<Inventory | undefined> {
  const named = call.options.text('config') !== undefined || call.env.STRANGLER_CONFIG !== undefined;
  if (!named && (await findProject(call.cwd)) === undefined) return undefined;
  try {
    const { file } = await configFile(call);
    const project = await loadProject(file, call.env);
    const inventory = inferInventory(await observedBy(project, undefined, call.signal));
    return inventory.routes.length === 0 ? undefined : inventory;
  } catch (error) {
    if (call.signal.aborted) throw error;
    call.terminal.note(
      `what edges observed could not be read and is left out: ${error instanceof Error ? error.message : String(error)}`,
    );
    return undefined;
  }
}
