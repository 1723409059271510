import { readConfigOrExit } from './platform/config.ts';
import { runProcess } from './process/lifecycle.ts';
import { supervisorLink } from './process/messages.ts';
import { createPooledCounts } from './process/pooled-counts.ts';
import { roleOf } from './process/role.ts';
import { createLog } from './telemetry/logs/log.ts';
import { standardOutput } from './telemetry/logs/standard-output.ts';
import { ATTRIBUTE } from './telemetry/names.ts';

const config = readConfigOrExit();
const role = roleOf(config);
const stdout = standardOutput();
const log = createLog(config.LOG_LEVEL, stdout);
const describe = ({ url }: { readonly url: string }) => ({ [ATTRIBUTE.url]: url });

// Dynamic imports, because a supervisor does not need the classifier.
if (role === 'supervisor') {
  const { startSupervisor } = await import('./process/supervisor.ts');
  await runProcess(config, log, () => startSupervisor(config, log, stdout), describe);
} else {
  const { startService } = await import('./service.ts');
  if (role === 'alone') {
    await runProcess(config, log, () => startService(config, log), describe);
  } else {
    const createWindow = createPooledCounts();
    await runProcess(config, log, () => startService(config, log, { createWindow }), describe, supervisorLink());
  }
}
