import { readConfigOrExit } from './platform/config.ts';
import { findLockFault } from './platform/file-lock.ts';
import { createWorkerQuestions } from './process/ask-workers.ts';
import { ownWorkerIndex } from './process/fork.ts';
import { greeting } from './process/greeting.ts';
import { runProcess } from './process/lifecycle.ts';
import { supervisorConnections, supervisorLink } from './process/messages.ts';
import { createModelChangeLink } from './process/model-changes.ts';
import { createPooledCounts } from './process/pooled-counts.ts';
import { processRole } from './process/role.ts';
import { createLog } from './telemetry/logs/log.ts';
import { createLogDestination } from './telemetry/logs/log-destination.ts';
import { ATTRIBUTE } from './telemetry/names.ts';

const config = readConfigOrExit();
const role = processRole(config);
const stdout = createLogDestination();
const log = createLog(config.LOG_LEVEL, stdout);
const describe = ({ url }: { readonly url: string }) => ({ [ATTRIBUTE.url]: url });

/** Looks at the locks of the folders, and copies the bundled models. A supervisor does it once, before its workers start. */
async function prepareFolders(): Promise<void> {
  for (const folder of [config.MODELS_DIR, config.DATA_DIR]) {
    const fault = await findLockFault(folder);
    if (fault !== undefined) log.warn('locks do not hold', { [ATTRIBUTE.reason]: fault });
  }
  if (config.BUNDLED_MODELS_DIR === undefined) return;
  const { copyBundledModels } = await import('./models/sources/bundled-models.ts');
  await copyBundledModels(config.BUNDLED_MODELS_DIR, config.MODELS_DIR, log);
}

/** Tells a person at a terminal where to go next. */
function greet(url: string): void {
  if (process.stdout.isTTY) stdout.write(greeting(url, config));
}

// Dynamic imports, because a supervisor does not need the classifier.
if (role === 'supervisor') {
  const { startSupervisor } = await import('./process/supervisor.ts');
  const start = () => prepareFolders().then(() => startSupervisor(config, log, stdout));
  greet((await runProcess(config, log, start, describe)).url);
} else {
  const { startService } = await import('./service.ts');
  if (role === 'single') {
    const start = () => prepareFolders().then(() => startService(config, log));
    greet((await runProcess(config, log, start, describe)).url);
  } else {
    const worker = {
      index: ownWorkerIndex(),
      others: createWorkerQuestions(),
      createWindow: createPooledCounts(),
      modelChanges: createModelChangeLink(),
      connections: supervisorConnections(),
    };
    await runProcess(config, log, () => startService(config, log, worker), describe, supervisorLink());
  }
}
