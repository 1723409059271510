import { createClient } from '../../packages/client/src/client.ts';
import { listen } from '../http/server/server.ts';
import { createMailReader } from '../mail/mail-reader.ts';
import type { Log } from '../telemetry/logs/log.ts';
import { createGatewayApp } from './app.ts';
import { createMailClassifier } from './classify-message.ts';
import type { GatewayConfig } from './config.ts';
import { createMaildirDelivery, createSmtpDelivery } from './delivery.ts';
import { listenSmtp } from './smtp.ts';
import { createGatewayInstruments } from './telemetry.ts';

/** A running gateway. */
export interface RunningGateway {
  readonly url: string;
  readonly smtpUrl: string;
  /** Stops accepting mail, and resolves when all accepted mail is answered. */
  stop(): Promise<void>;
}

/**
 * Starts the mail gateway. It classifies messages through the classification service. If the service fails, mail passes
 * unchecked.
 *
 * @param shutdownMs the maximum time in milliseconds of `stop`
 * @throws {ConfigError} if a setting cannot be used
 */
export async function startGateway(config: GatewayConfig, log: Log, shutdownMs: number): Promise<RunningGateway> {
  const deadlineMs = config.GATEWAY_DEADLINE_MS;
  const client = createClient({
    url: config.WAYMARK_URL,
    ...(config.WAYMARK_TOKEN !== undefined && { token: config.WAYMARK_TOKEN }),
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
  let draining = false;
  const app = createGatewayApp({
    classifyMail,
    client,
    labels: { spam: config.GATEWAY_SPAM_LABEL, ham: config.GATEWAY_HAM_LABEL },
    maxMessageBytes: config.GATEWAY_MAX_MESSAGE_BYTES,
    maxInFlight: config.GATEWAY_MAX_IN_FLIGHT,
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
    maxClients: config.GATEWAY_MAX_IN_FLIGHT,
    classifyMail,
    delivery,
    instruments,
    log,
  });
  const settings = { host: 'GATEWAY_HOST', port: 'GATEWAY_PORT' };
  const http = await listen(app.callback(), config.GATEWAY_HOST, config.GATEWAY_PORT, settings);

  return {
    url: http.url,
    smtpUrl: smtp.url,
    async stop() {
      draining = true;
      await Promise.all([http.drain(shutdownMs), smtp.close(shutdownMs)]);
      await reader.close();
    },
  };
}
