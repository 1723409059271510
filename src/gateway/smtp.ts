import { once } from 'node:events';
import { hostname } from 'node:os';
import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { toListenError } from '../http/server/server.ts';
import { markMessage } from '../mail/message-headers.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { traceIds, withinSpan } from '../telemetry/tracing.ts';
import type { MailClassifier } from './classify-message.ts';
import type { Delivery } from './delivery.ts';
import { GATEWAY_SCOPE, RECEIVE_SPAN } from './telemetry.ts';
import { verdictFields } from './verdict.ts';

/** Options of `listenSmtp`. */
export interface SmtpOptions {
  readonly host: string;
  readonly port: number;
  readonly maxBytes: number;
  readonly maxClients: number;
  readonly classifyMail: MailClassifier;
  readonly delivery: Delivery;
  readonly log: Log;
}

/** A listening SMTP server. */
export interface SmtpListener {
  /** The URL of the server, as `smtp://HOST:PORT`. */
  readonly url: string;
  /**
   * Accepts no more connections. Closes each open one when its message is answered, or after `timeoutMs` milliseconds.
   */
  close(timeoutMs: number): Promise<void>;
}

/**
 * Listens for mail from mail servers, marks it and delivers it. A message is accepted only after its delivery. Until
 * then its sender keeps it and tries again.
 *
 * @throws {ConfigError} if the server cannot listen on the address
 */
export async function listenSmtp(options: SmtpOptions): Promise<SmtpListener> {
  const { host, port, maxBytes, maxClients, log } = options;
  const server = new SMTPServer({
    // The sender is a mail server beside this one, which handles encryption and passwords.
    disabledCommands: ['AUTH', 'STARTTLS'],
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    size: maxBytes,
    maxClients,
    onData: (stream, session, done) => {
      receive(options, stream, session).then(
        (reply) => done(null, reply),
        (error: Error) => done(error),
      );
    },
  });
  server.on('error', (error) => log.debug('smtp connection failed', exceptionAttributes(error)));
  const listening = server.listen(port, host);
  await once(listening, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw toListenError(error, host, port, { host: 'GATEWAY_HOST', port: 'GATEWAY_SMTP_PORT' });
  });
  const address = listening.address();
  const bound = typeof address === 'object' && address ? address.port : port;
  return {
    url: `smtp://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: (timeoutMs) =>
      new Promise((resolve) => {
        server.options.closeTimeout = timeoutMs;
        server.close(resolve);
      }),
  };
}

function receive(options: SmtpOptions, stream: SMTPServerDataStream, session: SMTPServerSession): Promise<string> {
  const { classifyMail, delivery, log } = options;
  const settings = { kind: SpanKind.SERVER, attributes: { 'client.address': session.remoteAddress } };
  return withinSpan(trace.getTracer(GATEWAY_SCOPE).startSpan(RECEIVE_SPAN, settings, ROOT_CONTEXT), async () => {
    const raw = await readMessage(stream, options.maxBytes);
    const verdict = await classifyMail(raw, 'smtp');
    const { mailFrom, rcptTo } = session.envelope;
    const message = markMessage(raw, [['Received', receivedBy(session)], ...verdictFields(verdict)]);
    const from = mailFrom ? mailFrom.address : '';
    await delivery.deliver({ from, to: rcptTo.map(({ address }) => address) }, message).catch((error: unknown) => {
      log.error('message not delivered', exceptionAttributes(error));
      throw reply(451, 'The next mail server did not accept the message; try again later.');
    });
    if (!verdict.checked) return `unchecked (${verdict.reason})`;
    return `${verdict.spam ? 'spam' : 'not spam'}, score ${verdict.score.toFixed(4)}, trace ${traceIds().traceId}`;
  });
}

async function readMessage(stream: SMTPServerDataStream, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (length > maxBytes) throw reply(552, `The message is longer than ${maxBytes} bytes, the maximum.`);
  return Buffer.concat(chunks);
}

function reply(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

/** Returns the value of the field `Received`, which each mail server adds (RFC 5321, 4.4). */
function receivedBy({ hostNameAppearsAs, remoteAddress, transmissionType }: SMTPServerSession): string {
  const date = new Date().toUTCString().replace('GMT', '+0000');
  return `from ${hostNameAppearsAs || 'unknown'} ([${remoteAddress}]) by ${hostname()} with ${transmissionType} id ${traceIds().spanId}; ${date}`;
}
