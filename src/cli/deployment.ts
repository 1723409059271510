import { join } from 'node:path';
import { openRegistry } from '../models/registry.ts';
import { readRoles } from '../models/roles-file.ts';
import { createLog } from '../telemetry/logs/log.ts';

/** The actor of changes in the audit trail. */
const ACTOR = 'train';

/**
 * Keeps the active version of a model active when a newer version appears: without a roles file the newest would be active.
 * A roles file does so already.
 *
 * @param version the active version
 * @throws {Problem} if the roles cannot be changed
 */
export async function pinActive(models: string, name: string, version: string): Promise<void> {
  if ((await readRoles(join(models, name))).kind === 'roles') return;
  await changeActive(models, name, version, 'it stays active while a newly trained version waits for a role');
}

/**
 * Makes a version active, as the service does: under the lock of the roles, and with a row in the audit trail. Running
 * services follow.
 *
 * @throws {Problem} if the version cannot be used, or the roles cannot be changed
 */
export async function changeActive(models: string, name: string, version: string, reason: string): Promise<void> {
  const registry = await openRegistry({ folder: models, log: createLog('silent', { write: () => {} }) });
  try {
    await registry.change(name, { action: 'activate', version }, { actor: ACTOR, reason });
  } finally {
    await registry.close();
  }
}
