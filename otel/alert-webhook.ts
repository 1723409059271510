/**
 * An example of a receiver for Alertmanager's webhook. It writes each alert as a line of JSON. A real receiver would open a
 * ticket or call somebody.
 *
 *     node otel/alert-webhook.ts          listens on ALERT_WEBHOOK_HOST (127.0.0.1) and ALERT_WEBHOOK_PORT (9095)
 */
import { createServer, type IncomingMessage } from 'node:http';
import { z } from 'zod';

const MAX_BYTES = 1024 * 1024;

/** The used part of a notification of Alertmanager (webhook_config, version 4). */
const notificationSchema = z.object({
  alerts: z.array(
    z.object({
      status: z.enum(['firing', 'resolved']),
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()),
      startsAt: z.string(),
    }),
  ),
});

const host = process.env['ALERT_WEBHOOK_HOST'] || '127.0.0.1';
const port = Number(process.env['ALERT_WEBHOOK_PORT'] || 9095);

const server = createServer((request, response) => {
  if (request.method !== 'POST') {
    response.end('Alertmanager posts its alerts to this address.\n');
    return;
  }
  receive(request).then(
    () => response.end(),
    (error: Error) => {
      process.stderr.write(`${JSON.stringify({ level: 'error', msg: error.message })}\n`);
      response.writeHead(400).end();
    },
  );
});
server.listen(port, host);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));

async function receive(request: IncomingMessage): Promise<void> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk;
    if (body.length > MAX_BYTES) throw new Error(`the notification is longer than ${MAX_BYTES} characters`);
  }
  for (const { status, labels, annotations, startsAt } of notificationSchema.parse(JSON.parse(body)).alerts) {
    process.stdout.write(
      `${JSON.stringify({ time: new Date().toISOString(), status, startsAt, labels, annotations })}\n`,
    );
  }
}
