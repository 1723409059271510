import { exitOnConfigError, readConfigOrExit } from '../platform/config.ts';
import { runProcess } from '../process/lifecycle.ts';
import { createLog } from '../telemetry/logs/log.ts';
import { readGatewayConfig } from './config.ts';
import { startGateway } from './gateway.ts';

const config = readConfigOrExit();
const gatewayConfig = exitOnConfigError(readGatewayConfig);
const log = createLog(config.LOG_LEVEL);

await runProcess(
  config,
  log,
  () => startGateway(gatewayConfig, log, config),
  ({ url, smtpUrl }) => ({ url, 'smtp.url': smtpUrl }),
);
