import { createClient } from '../../packages/client/src/client.ts';
import { createSlots } from '../http/server/admission.ts';
import { createByteBudget } from '../http/server/byte-budget.ts';
import { listen, type ServerSettings } from '../http/server/server.ts';
import { createMailReader } from '../mail/mail-reader.ts';
import type { Config } from '../platform/config.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { createGatewayApp } from './app.ts';
import { createMailClassifier } from './classify-message.ts';
import { type GatewayConfig, readServiceToken } from './config.ts';
import { createMaildirDelivery, createSmtpDelivery } from './delivery.ts';
import { listenSmtp } from './smtp.ts';
import { createGatewayInstruments } from './telemetry.ts';

/** The settings that the gateway has in common with the service. */
export type GatewayLimits = ServerSettings & Pick<Config, 'SHUTDOWN_TIMEOUT_MS' | 'MAX_BYTES_IN_FLIGHT'>;

/** The number of SMTP connections for each message that may be in progress. Most connections are idle. */
const CONNECTIONS_PER_SLOT = 16;

/** A running gateway. */
export interface RunningGateway {
  readonly url: string;
  readonly smtpUrl: string;
  /** Stops accepting mail, and resolves when all accepted mail is answered. */
  stop(timeoutMs?: number): Promise<void>;
}

/**
 * Starts the mail gateway. It classifies messages through the classification service. If the service fails, mail passes
 * unchecked.
 *
 * @param shared the settings that the gateway has in common with the service
 * @throws {ConfigError} if a setting cannot be used
 */
export async function startGateway(config: GatewayConfig, log: Log, shared: GatewayLimits): Promise<RunningGateway> {
  const deadlineMs = config.GATEWAY_DEADLINE_MS;
  const token = await readServiceToken(config);
  const client = createClient({
    url: config.WAYMARK_URL,
    ...(token !== undefined && { token }),
    // Retries continue until the deadline, so that a restart of the service delays a message but costs no verdict. When
    // they have failed for long, the circuit breaker lets mail pass at once until the service is back.
    retries: 1_000,
    backoff: { baseMs: 50, maxMs: 500 },
    circuitBreaker: { failures: 5, forMs: deadlineMs / 2, openMs: 2_000 },
  });
  const instruments = createGatewayInstruments();
  const reader = createMailReader({
    timeoutMs: Math.min(config.GATEWAY_READ_TIMEOUT_MS, deadlineMs / 2),
    maxCharacters: config.GATEWAY_MAX_TEXT_CHARACTERS,
  });
  const classifyMail = createMailClassifier({
    client,
    reader,
    model: config.WAYMARK_MODEL,
    spamLabel: config.GATEWAY_SPAM_LABEL,
    deadlineMs,
    maxTextCharacters: config.GATEWAY_MAX_TEXT_CHARACTERS,
    instruments,
    log,
  });
  await reader.warmUp();
  const slots = createSlots(config.GATEWAY_MAX_IN_FLIGHT, 'messages');
  const budget = createByteBudget(Math.max(shared.MAX_BYTES_IN_FLIGHT, config.GATEWAY_MAX_MESSAGE_BYTES));
  let draining = false;
  const app = createGatewayApp({
    classifyMail,
    client,
    labels: { spam: config.GATEWAY_SPAM_LABEL, ham: config.GATEWAY_HAM_LABEL },
    address: { host: config.GATEWAY_HOST, allowedHosts: config.ALLOWED_HOSTS },
    maxMessageBytes: config.GATEWAY_MAX_MESSAGE_BYTES,
    slots,
    budget,
    feedbackTimeoutMs: deadlineMs,
    ready: () => !draining,
    log,
  });
  const delivery = config.GATEWAY_DELIVER_TO
    ? createSmtpDelivery(config.GATEWAY_DELIVER_TO)
    : await createMaildirDelivery(config.GATEWAY_MAILDIR);
  const smtp = await listenSmtp({
    host: config.GATEWAY_HOST,
    port: config.GATEWAY_SMTP_PORT,
    maxBytes: config.GATEWAY_MAX_MESSAGE_BYTES,
    slots: slots.computing,
    budget,
    maxConnections: config.GATEWAY_MAX_IN_FLIGHT * CONNECTIONS_PER_SLOT,
    tls: shared,
    maxConnectionsPerAddress: shared.MAX_CONNECTIONS_PER_ADDRESS,
    idleTimeoutMs: shared.REQUEST_TIMEOUT_MS,
    classifyMail,
    delivery,
    instruments,
    log,
  });
  const http = await listen(
    app.callback(),
    {
      host: config.GATEWAY_HOST,
      port: config.GATEWAY_PORT,
      settings: { host: 'GATEWAY_HOST', port: 'GATEWAY_PORT' },
    },
    shared,
    (error) => log.error('connection failed', exceptionAttributes(error)),
    log,
  );

  return {
    url: http.url,
    smtpUrl: smtp.url,
    async stop(timeoutMs = shared.SHUTDOWN_TIMEOUT_MS) {
      draining = true;
      await Promise.all([http.drain(timeoutMs), smtp.close(timeoutMs)]);
      await reader.close();
    },
  };
}
