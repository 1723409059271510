import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { onTestFinished } from 'vitest';
import { readGatewayConfig } from '../../src/gateway/config.ts';
import { type RunningGateway, startGateway } from '../../src/gateway/gateway.ts';
import { readConfig } from '../../src/platform/config.ts';
import { createLog } from '../../src/telemetry/logs/log.ts';

export const spamMail = mail('Congratulations', 'You won free money, click here to claim your prize now!');
export const hamMail = mail(
  '[PATCH] sched',
  'The patch applies cleanly to the current kernel tree; see the list archive.',
);

/** Returns a plain message. */
export function mail(subject: string, body: string, ...fields: string[]): string {
  const header = ['From: a@example.org', 'To: b@example.org', `Subject: ${subject}`, ...fields];
  return [...header, '', body, ''].join('\r\n');
}

/** A running gateway with its log lines. */
export interface TestGateway extends RunningGateway {
  readonly lines: string[];
  /** The folder of the Maildir. */
  readonly folder: string;
  /** Returns the messages in the Maildir. */
  delivered(): Promise<string[]>;
}

/** Starts the gateway with its real servers on free ports in this process. It stops after the test. */
export async function startTestGateway(settings: Record<string, string>): Promise<TestGateway> {
  const lines: string[] = [];
  const log = createLog('debug', { write: (line) => void lines.push(line) });
  const folder = await mkdtemp(join(tmpdir(), 'waymark-maildir-'));
  const config = readGatewayConfig({ GATEWAY_PORT: '0', GATEWAY_SMTP_PORT: '0', GATEWAY_MAILDIR: folder, ...settings });
  const gateway = await startGateway(config, log, readConfig({ SHUTDOWN_TIMEOUT_MS: '1000', ...settings }));
  onTestFinished(() => void gateway.stop());
  return {
    ...gateway,
    lines,
    folder,
    delivered: async () => {
      const names = await readdir(join(folder, 'new'));
      return Promise.all(names.map((name) => readFile(join(folder, 'new', name), 'utf8')));
    },
  };
}

/** Sends a raw message by SMTP, and returns the reply of the gateway. */
export async function sendMail(smtpUrl: string, raw: string | Buffer, to = ['b@example.org']): Promise<string> {
  const { hostname, port } = new URL(smtpUrl);
  const transport = createTransport({ host: hostname, port: Number(port), ignoreTLS: true });
  try {
    return (await transport.sendMail({ envelope: { from: 'a@example.org', to }, raw })).response;
  } finally {
    transport.close();
  }
}

/** Posts a raw message to `/messages`. */
export function postMail(url: string, raw: string | Buffer, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'message/rfc822', ...headers },
    body: raw,
  });
}
