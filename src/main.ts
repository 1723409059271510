import { readConfigOrExit } from './config.ts';
import { createLog } from './monitoring/log.ts';
import { standardOutput } from './monitoring/standard-output.ts';
import { ATTRIBUTE } from './monitoring/telemetry.ts';
import { runProcess } from './process-lifecycle.ts';
import { supervisor } from './workers/parent.ts';
import { pooledCounts } from './workers/pooled-counts.ts';
import { roleOf } from './workers/role.ts';

const config = readConfigOrExit();
const role = roleOf(config);
const stdout = standardOutput();
const log = createLog(config.LOG_LEVEL, stdout);
const describe = ({ url }: { readonly url: string }) => ({ [ATTRIBUTE.url]: url });

// Each imports what it needs: a supervisor has no use for a classifier.
if (role === 'supervisor') {
  const { startSupervisor } = await import('./workers/supervisor.ts');
  await runProcess(config, log, () => startSupervisor(config, log, stdout), describe);
} else {
  const { startService } = await import('./service.ts');
  if (role === 'alone') {
    await runProcess(config, log, () => startService(config, log), describe);
  } else {
    const windowOf = pooledCounts();
    await runProcess(config, log, () => startService(config, log, { windowOf }), describe, supervisor());
  }
}
