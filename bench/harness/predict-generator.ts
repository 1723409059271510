import { createGenerator, type Generator } from '../../tools/load/generator/generator.ts';

const TIMEOUT_MS = 10_000;
/** The limit on connections in an open loop. */
const MAX_CONNECTIONS = 64;

/** Creates a load generator for `POST /predict`. It sends the bodies in a cycle. */
export function createPredictGenerator(url: string, bodies: readonly string[]): Generator {
  return createGenerator({
    origin: url,
    path: '/predict',
    headers: { 'content-type': 'application/json' },
    bodies,
    timeoutMs: TIMEOUT_MS,
    maxConnections: MAX_CONNECTIONS,
  });
}
