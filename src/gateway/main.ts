import { orExit, readConfigOrExit } from '../config.ts';
import { createLog } from '../monitoring/log.ts';
import { runProcess } from '../process-lifecycle.ts';
import { readGatewayConfig } from './config.ts';
import { startGateway } from './gateway.ts';

const config = readConfigOrExit();
const gatewayConfig = orExit(readGatewayConfig);
const log = createLog(config.LOG_LEVEL);

await runProcess(
  config,
  log,
  () => startGateway(gatewayConfig, log, config.SHUTDOWN_TIMEOUT_MS),
  ({ url, smtpUrl }) => ({ url, 'smtp.url': smtpUrl }),
);
