import { once } from 'node:events';
import { hostname } from 'node:os';
import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { Slots } from '../http/server/admission.ts';
import type { ByteBudget } from '../http/server/byte-budget.ts';
import { limitConnectionsPerAddress } from '../http/server/connections.ts';
import { followTlsFiles, readTlsFiles, type TlsSettings } from '../http/server/tls-files.ts';
import { markMessage } from '../mail/message-headers.ts';
import { toListenError } from '../platform/listen-address.ts';
import { inputExceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { traceIds, withinSpan } from '../telemetry/tracing.ts';
import type { MailClassifier } from './classify-message.ts';
import type { Delivery, DeliverySession } from './delivery.ts';
import { RefusedError } from './next-server.ts';
import { readMessage, reply } from './read-message.ts';
import { watchConnections } from './smtp-connections.ts';
import {
  GATEWAY_ATTRIBUTE,
  GATEWAY_SCOPE,
  type GatewayInstruments,
  RECEIVE_SPAN,
  type RefusalKind,
  type RefusalStage,
} from './telemetry.ts';
import { verdictFields } from './verdict.ts';

/** Options of `listenSmtp`. */
export interface SmtpOptions {
  readonly host: string;
  readonly port: number;
  readonly maxBytes: number;
  /** The files of STARTTLS; without them it is not offered. */
  readonly tls: TlsSettings;
  /** The messages in progress. A message takes its slot when it is complete. */
  readonly slots: Slots;
  /** The bytes of messages in memory. */
  readonly budget: ByteBudget;
  /** The number of connections above which the oldest one without a message in progress is closed. */
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number | undefined;
  /** The time in milliseconds without a byte from a client, after which its connection is closed. */
  readonly idleTimeoutMs: number;
  readonly classifyMail: MailClassifier;
  readonly delivery: Delivery;
  readonly instruments: Pick<GatewayInstruments, 'refused'>;
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
 * Listens for mail from mail servers, marks it and delivers it. Each recipient is accepted only if the destination
 * accepts it, and a message only after its delivery. Until then its sender keeps it and tries again.
 *
 * @throws {ConfigError} if the server cannot listen on the address
 */
export async function listenSmtp(options: SmtpOptions): Promise<SmtpListener> {
  const { host, port, maxBytes, maxConnectionsPerAddress, delivery, log } = options;
  const tls = await readTlsFiles(options.tls);
  const sessions = new Map<string, DeliverySession>();

  function sessionOf({ id }: SMTPServerSession): DeliverySession {
    const known = sessions.get(id);
    if (known) return known;
    const opened = delivery.openSession();
    sessions.set(id, opened);
    return opened;
  }

  /** Passes a refusal by the destination on to the sender. */
  function handOn(work: Promise<unknown>, stage: RefusalStage, done: (error?: Error) => void): void {
    work.then(
      () => done(),
      (error: unknown) => done(toReply(options, error, stage, 1)),
    );
  }

  const server: SMTPServer = new SMTPServer({
    // The sender is a mail server beside this one, which handles passwords.
    disabledCommands: tls ? ['AUTH'] : ['AUTH', 'STARTTLS'],
    ...(tls && { cert: tls.cert, key: tls.key }),
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    size: maxBytes,
    socketTimeout: options.idleTimeoutMs,
    onConnect: (session, done) => {
      connections.closeOldestAbove(options.maxConnections, session);
      // The offered extensions depend on the next server, and all sessions have the same one.
      server.options.hideSMTPUTF8 = !delivery.supportsUtf8();
      done();
    },
    onMailFrom: ({ address }, session, done) => {
      const { smtpUtf8, bodyType } = session.envelope;
      const settings = { smtpUtf8: smtpUtf8 === true, eightBit: bodyType === '8bitmime' };
      handOn(sessionOf(session).start(address, settings), 'sender', done);
    },
    onRcptTo: ({ address }, session, done) => handOn(sessionOf(session).addRecipient(address), 'recipient', done),
    onData: (stream, session, done) => {
      const message = connections.startMessage(session);
      receive(options, sessionOf(session), stream, session, message.complete)
        .finally(message.end)
        .then(
          (reply) => done(null, reply),
          (error: Error) => done(error),
        );
    },
    onClose: ({ id }) => {
      sessions.get(id)?.close();
      sessions.delete(id);
    },
  });
  const connections = watchConnections(server);
  if (maxConnectionsPerAddress !== undefined) limitConnectionsPerAddress(server.server, maxConnectionsPerAddress);
  server.on('error', (error) => log.debug('smtp connection failed', inputExceptionAttributes(error)));
  const listening = server.listen(port, host);
  await once(listening, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw toListenError(error, host, port, { host: 'GATEWAY_HOST', port: 'GATEWAY_SMTP_PORT' });
  });
  const stopFollowing =
    tls && followTlsFiles(options.tls, ({ cert, key }) => server.updateSecureContext({ cert, key }), log);
  const address = listening.address();
  const bound = typeof address === 'object' && address ? address.port : port;
  return {
    url: `smtp://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: (timeoutMs) =>
      new Promise((resolve) => {
        stopFollowing?.();
        server.options.closeTimeout = timeoutMs;
        server.close(resolve);
      }),
  };
}

function receive(
  options: SmtpOptions,
  delivery: DeliverySession,
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
  onComplete: () => void,
): Promise<string> {
  const { slots, budget } = options;
  const settings = { kind: SpanKind.SERVER, attributes: { 'client.address': session.remoteAddress } };
  return withinSpan(trace.getTracer(GATEWAY_SCOPE).startSpan(RECEIVE_SPAN, settings, ROOT_CONTEXT), async () => {
    const raw = await readMessage(stream, options.maxBytes, budget);
    onComplete();
    takeSlot(slots);
    budget.take(raw.length);
    try {
      return await forward(raw);
    } finally {
      slots.release();
      budget.release(raw.length);
    }
  });

  async function forward(raw: Buffer): Promise<string> {
    const verdict = await options.classifyMail(raw, 'smtp');
    const message = markMessage(raw, [['Received', receivedBy(session)], ...verdictFields(verdict)]);
    await delivery.deliver(message).catch((error: unknown) => {
      throw toReply(options, error, 'message', session.envelope.rcptTo.length);
    });
    if (!verdict.checked) return `unchecked (${verdict.reason})`;
    return `${verdict.spam ? 'spam' : 'not spam'}, score ${verdict.score.toFixed(4)}, trace ${traceIds().traceId}`;
  }
}

/** Takes the slot of a complete message. @throws the reply if none is free */
function takeSlot(slots: Slots): void {
  try {
    slots.take();
  } catch {
    throw reply(451, 'Too many messages are in progress; try again later.');
  }
}

/**
 * Records a refusal by the destination, and returns the reply to the sender: 550 for a sender or a recipient that is
 * refused for good, 554 for such a message, and 451 for all that may succeed later. The log has no address.
 *
 * @param recipients the number of recipients who do not get the message
 */
function toReply({ instruments, log }: SmtpOptions, error: unknown, stage: RefusalStage, recipients: number): Error {
  const refused = error instanceof RefusedError ? error : undefined;
  const kind: RefusalKind = refused?.isPermanent ? 'permanent' : 'temporary';
  instruments.refused.add(recipients, { stage, kind });
  const attributes = {
    [GATEWAY_ATTRIBUTE.refusedStage]: stage,
    [GATEWAY_ATTRIBUTE.refusedKind]: kind,
    [GATEWAY_ATTRIBUTE.refusedRecipients]: recipients,
    ...(refused && { [GATEWAY_ATTRIBUTE.replyCode]: refused.code }),
  };
  // The text of a refusal can name the recipient. Other errors are those of the connection or the disk.
  const cause = refused ? refused.cause : error;
  const details = cause === undefined ? {} : inputExceptionAttributes(cause);
  if (stage === 'message') log.error('message not delivered', { ...attributes, ...details });
  else log.warn(`${stage} refused`, { ...attributes, ...details });
  if (refused?.isPermanent) return reply(stage === 'message' ? 554 : 550, refused.message);
  const text = refused && refused.cause === undefined ? refused.message : 'The destination did not accept it';
  return reply(451, `${text}; try again later.`);
}

/** Returns the value of the field `Received`, which each mail server adds (RFC 5321, 4.4). */
function receivedBy({ hostNameAppearsAs, remoteAddress, transmissionType }: SMTPServerSession): string {
  const date = new Date().toUTCString().replace('GMT', '+0000');
  return `from ${hostNameAppearsAs || 'unknown'} ([${remoteAddress}]) by ${hostname()} with ${transmissionType} id ${traceIds().spanId}; ${date}`;
}
