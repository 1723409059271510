import { createClient } from '../../packages/client/src/client.ts';
import { listen } from '../http/server/server.ts';
import type { Log } from '../telemetry/logs/log.ts';
import { createGatewayApp } from './app.ts';
import { createJudge } from './classify-message.ts';
import type { GatewayConfig } from './config.ts';
import { deliverBySmtp, deliverToMaildir } from './delivery.ts';
import { listenSmtp } from './smtp.ts';
import { createGatewayInstruments } from './telemetry.ts';

export interface RunningGateway {
  readonly url: string;
  readonly smtpUrl: string;
  /** Takes no more mail, and resolves when all that was taken is answered. */
  stop(): Promise<void>;
}

/**
 * Starts the mail gateway: it asks the classification service about each message, and never keeps mail waiting for it.
 *
 * @throws {ConfigError} if a setting cannot be used
 */
export async function startGateway(config: GatewayConfig, log: Log, shutdownMs: number): Promise<RunningGateway> {
  const deadlineMs = config.GATEWAY_DEADLINE_MS;
  const client = createClient({
    url: config.WAYMARK_URL,
    ...(config.WAYMARK_TOKEN !== undefined && { token: config.WAYMARK_TOKEN }),
    // As often as the deadline allows: a restart of the service should cost a message some time, not its verdict.
    // When even that is in vain mail is let through at once, until the service is back.
    retries: 1_000,
    backoff: { baseMs: 50, maxMs: 500 },
    circuitBreaker: { failures: 5, forMs: deadlineMs / 2, openMs: 2_000 },
  });
  const judge = createJudge({
    client,
    model: config.WAYMARK_MODEL,
    spamLabel: config.GATEWAY_SPAM_LABEL,
    deadlineMs,
    maxTextCharacters: config.GATEWAY_MAX_TEXT_CHARACTERS,
    instruments: createGatewayInstruments(),
    log,
  });
  let draining = false;
  const app = createGatewayApp({
    judge,
    client,
    labels: { spam: config.GATEWAY_SPAM_LABEL, ham: config.GATEWAY_HAM_LABEL },
    maxMessageBytes: config.GATEWAY_MAX_MESSAGE_BYTES,
    maxInFlight: config.GATEWAY_MAX_IN_FLIGHT,
    feedbackTimeoutMs: deadlineMs,
    ready: () => !draining,
    log,
  });
  const delivery = config.GATEWAY_DELIVER_TO
    ? deliverBySmtp(config.GATEWAY_DELIVER_TO)
    : await deliverToMaildir(config.GATEWAY_MAILDIR);
  const smtp = await listenSmtp({
    host: config.GATEWAY_HOST,
    port: config.GATEWAY_SMTP_PORT,
    maxBytes: config.GATEWAY_MAX_MESSAGE_BYTES,
    maxClients: config.GATEWAY_MAX_IN_FLIGHT,
    judge,
    delivery,
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
      delivery.close();
    },
  };
}
