import { createGenerator, type Generator } from '../../tools/load/generator/generator.ts';

const TIMEOUT_MS = 10_000;

/** Creates a load generator for `POST /predict`. It sends the bodies in a cycle, and opens up to `maxConnections` in an open loop. */
export function createPredictGenerator(
  url: string,
  bodies: readonly string[],
  maxConnections = 64,
): Promise<Generator> {
  return createGenerator({
    origin: url,
    path: '/predict',
    headers: { 'content-type': 'application/json' },
    texts: bodies.map((body, at) => ({ body, line: at + 1 })),
    timeoutMs: TIMEOUT_MS,
    maxConnections,
  });
}
