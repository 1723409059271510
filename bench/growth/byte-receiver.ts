import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The bytes of OTLP bodies that a receiver got. */
export interface ReceivedBytes {
  readonly traces: number;
  readonly logs: number;
}

/** A receiver of OTLP/HTTP on loopback that counts bytes and keeps nothing. */
export interface ByteReceiver {
  readonly url: string;
  /** Returns the bytes of the bodies so far, as they were sent: the service does not compress them. */
  received(): ReceivedBytes;
  close(): Promise<void>;
}

/** Starts a receiver on a free port. It costs less than a Collector, whose own work would disturb a measurement. */
export async function startByteReceiver(): Promise<ByteReceiver> {
  const bytes = { traces: 0, logs: 0 };
  const server = createServer((request, response) => {
    const signal = request.url === '/v1/logs' ? 'logs' : 'traces';
    request.on('data', (chunk: Buffer) => {
      bytes[signal] += chunk.length;
    });
    request.on('end', () => response.setHeader('content-type', 'application/json').end('{}'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: () => ({ ...bytes }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
