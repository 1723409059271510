import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';

/** The ways in which a Collector can fail. */
export const COLLECTOR_FAULTS = [
  'away',
  'hanging',
  'busy',
  'refusing',
  'too small',
  'resetting',
  'slow',
  'partly refusing',
  'lying',
] as const;

export type CollectorFault = (typeof COLLECTOR_FAULTS)[number];

/** A stand-in for the OpenTelemetry Collector. A real one cannot be made to lie, to hang or to refuse at a given time. */
export interface FaultyCollector {
  readonly url: string;
  /** The number of requests that were accepted. */
  readonly accepted: number;
  /** Fails from now on, or is healthy again. */
  setFault(fault: CollectorFault | undefined): Promise<void>;
  close(): void;
}

const ANSWERS: Readonly<Partial<Record<CollectorFault, (response: ServerResponse) => void>>> = {
  hanging: () => {},
  busy: (response) => void response.writeHead(503, { 'retry-after': '1' }).end(),
  refusing: (response) => void response.writeHead(400).end('{"message":"no"}'),
  'too small': (response) => void response.writeHead(413).end(),
  resetting: (response) => response.socket?.resetAndDestroy(),
  slow: (response) => void setTimeout(() => response.end('{}'), 2_000),
  'partly refusing': (response) =>
    void response
      .setHeader('content-type', 'application/json')
      .end('{"partialSuccess":{"rejectedSpans":"7","rejectedLogRecords":"7","errorMessage":"some are bad"}}'),
  lying: (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('\u0000<html>['),
};

/** Starts a Collector on a free port. */
export async function startCollector(): Promise<FaultyCollector> {
  let fault: CollectorFault | undefined;
  let accepted = 0;
  const server = createServer((request, response) => {
    request.on('error', () => {});
    response.on('error', () => {});
    request.resume().on('end', () => {
      const answer = fault && ANSWERS[fault];
      if (answer) return answer(response);
      accepted += 1;
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    get accepted() {
      return accepted;
    },
    async setFault(next) {
      const wasAway = fault === 'away';
      fault = next;
      server.closeAllConnections();
      if (next === 'away' && !wasAway) {
        server.close();
        await once(server, 'close');
      } else if (wasAway && next !== 'away') {
        server.listen(port, '127.0.0.1');
        await once(server, 'listening');
      }
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
