import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';

interface KeyValue {
  key: string;
  value: Record<string, unknown>;
}

/** A span in the form of OTLP JSON, with its attributes as an object. */
export interface ReceivedSpan {
  name: string;
  /** The number in OTLP: 1 for INTERNAL, 2 for SERVER. */
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  links?: { traceId: string; spanId: string }[];
  attributes: Record<string, unknown>;
}

/** A log record in the form of OTLP JSON, with its attributes as an object. */
export interface ReceivedLog {
  body: unknown;
  traceId: string;
  spanId: string;
  attributes: Record<string, unknown>;
}

/** A replacement for the Collector in tests of the service alone. It receives OTLP/HTTP as JSON. */
export interface OtlpReceiver {
  readonly url: string;
  readonly spans: ReceivedSpan[];
  readonly logs: ReceivedLog[];
  /** The bodies of all requests. */
  readonly raw: string[];
  close(): Promise<void>;
}

/** Starts a receiver. Without a port it listens on a free one. */
export async function startOtlpReceiver(port = 0): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const logs: ReceivedLog[] = [];
  const raw: string[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      raw.push(body);
      const message = JSON.parse(body);
      for (const resource of message.resourceSpans ?? []) {
        for (const scope of resource.scopeSpans) {
          for (const span of scope.spans) spans.push({ ...span, attributes: record(span.attributes) });
        }
      }
      for (const resource of message.resourceLogs ?? []) {
        for (const scope of resource.scopeLogs) {
          for (const log of scope.logRecords) {
            logs.push({ ...log, body: log.body?.stringValue, attributes: record(log.attributes) });
          }
        }
      }
      response.setHeader('content-type', 'application/json').end('{}');
    });
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    spans,
    logs,
    raw,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function text(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  return body;
}

function record(attributes: KeyValue[] = []): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
