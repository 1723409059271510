import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openConnection } from './connection.ts';
import type { LoadLevel } from './outcome.ts';
import type { Pacer } from './pacer.ts';
import { createRecorder } from './recorder.ts';
import { createSender } from './sender.ts';

const TIMEOUT_MS = 5_000;
/** A closed loop repeats the code most often, and an open loop needs the pacer too. */
const LOADS: readonly { readonly loadLevel: LoadLevel; readonly durationMs: number }[] = [
  { loadLevel: { connections: 1 }, durationMs: 500 },
  { loadLevel: { rate: 1_000 }, durationMs: 500 },
];
const ANSWER = JSON.stringify({
  prediction: 'label',
  confidence: 0.9,
  model: { name: 'warm-up', version: '1' },
  requestId: '00000000-0000-4000-8000-000000000000',
  traceId: '0'.repeat(32),
});

/**
 * Sends requests to a server of this thread for a second, and checks and counts the answers. So V8 compiles the code before the first
 * request that counts. V8 compiles in threads that compete with the sending thread.
 */
export async function warmUp(pacer: Pacer, body: Buffer): Promise<void> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.setHeader('content-type', 'application/json').end(ANSWER));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const target = { origin, path: '/', headers: { 'content-type': 'application/json' } };
  const { add } = createRecorder(() => {});
  const sender = createSender({
    pacer,
    bodies: [body],
    timeoutMs: TIMEOUT_MS,
    maxConnections: 10,
    open: (events) => openConnection(target, TIMEOUT_MS, events),
    onOutcome: add,
  });
  for (const { loadLevel, durationMs } of LOADS) await sender.run(loadLevel, durationMs, new AbortController().signal);
  sender.close();
  server.close();
}
