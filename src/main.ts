import { readConfigOrExit } from './config.ts';
import { createLog } from './monitoring/log.ts';
import { ATTRIBUTE } from './monitoring/telemetry.ts';
import { runProcess } from './process-lifecycle.ts';
import { startService } from './service.ts';

const config = readConfigOrExit();
const log = createLog(config.LOG_LEVEL);

await runProcess(
  config,
  log,
  () => startService(config, log),
  ({ url }) => ({ [ATTRIBUTE.url]: url }),
);
