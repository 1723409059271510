import { createLog } from '../../src/telemetry/logs/log.ts';

/** A log that writes nothing. The default one would open standard output in each test. */
export const silentLog = createLog('silent', { write: () => {} });
