import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '../../packages/client/src/client.ts';
import { stripMailboxLine } from '../../src/mail/mail-text.ts';
import { readField } from '../../src/mail/message-headers.ts';
import { freePort, type ServiceProcess, startGatewayProcess, startProcess } from '../support/service-process.ts';
import { type HeldOutMail, heldOutMails } from './support/held-out-mails.ts';

const CONNECTIONS = 8;
/** Which mail a delivered message was: the gateway keeps fields that it does not know. */
const NUMBER = 'X-Test-Number';

describe('every held-out mail by SMTP through the gateway, with Waymark restarted in the middle', () => {
  let folder: string;
  let mails: HeldOutMail[];
  /** What the model says of each, asked directly. */
  let predicted: string[];
  let delivered: Buffer[];
  let gateway: ServiceProcess;
  let service: ServiceProcess;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'waymark-gateway-corpus-'));
    mails = await heldOutMails();
    const environment = { PORT: String(await freePort()), DATA_DIR: join(folder, 'data') };
    service = await startProcess(environment);
    predicted = await predictAll(service.url, mails);
    const GATEWAY_MAILDIR = join(folder, 'maildir');
    gateway = await startGatewayProcess({ WAYMARK_URL: service.url, GATEWAY_MAILDIR, GATEWAY_DEADLINE_MS: '30000' });
    const smtpUrl = String(gateway.lines.find(({ msg }) => msg === 'ready')?.['smtp.url']);

    let restarted: Promise<void> | undefined;
    await sendAll(smtpUrl, mails, (sent) => {
      if (sent === Math.floor(mails.length / 2)) restarted = restart();
    });
    await restarted;
    const names = await readdir(join(GATEWAY_MAILDIR, 'new'));
    delivered = await Promise.all(names.map((name) => readFile(join(GATEWAY_MAILDIR, 'new', name))));

    async function restart(): Promise<void> {
      await service.stop();
      service = await startProcess(environment);
    }
  });

  afterAll(async () => {
    await Promise.all([gateway?.stop(), service?.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  test('none is lost, and none comes twice', () => {
    const numbers = delivered.map((message) => Number(readField(message, NUMBER)));
    expect(mails.length).toBeGreaterThan(1_000);
    expect(numbers.sort((a, b) => a - b)).toEqual(mails.map((_, i) => i));
  });

  test('each has a verdict, the one that the model gives', () => {
    const wrong = delivered.filter((message) => {
      const label = predicted[Number(readField(message, NUMBER))];
      return readField(message, 'X-Spam-Flag') !== (label === 'spam' ? 'YES' : 'NO');
    });
    expect(wrong.map((message) => [readField(message, NUMBER), readField(message, 'X-Spam-Status')])).toEqual([]);
  });

  test('so that the gateway is right as often as the model is', () => {
    const right = delivered.filter((message) => {
      const { label } = mails[Number(readField(message, NUMBER))]!;
      return (readField(message, 'X-Spam-Flag') === 'YES') === (label === 'spam');
    });
    const accuracy = right.length / mails.length;
    process.stdout.write(`${mails.length} mails by SMTP: verdict accuracy ${accuracy.toFixed(4)}\n`);
    expect(right.length).toBe(mails.filter(({ label }, i) => label === predicted[i]).length);
    expect(accuracy).toBeGreaterThan(0.98);
  });
});

async function predictAll(url: string, mails: readonly HeldOutMail[]): Promise<string[]> {
  const client = createClient({ url });
  const labels: string[] = [];
  for (let i = 0; i < mails.length; i += 50) {
    const { predictions } = await client.predictBatch(mails.slice(i, i + 50).map(({ text }) => text.slice(0, 100_000)));
    labels.push(...predictions.map(({ prediction }) => prediction));
  }
  return labels;
}

async function sendAll(smtpUrl: string, mails: readonly HeldOutMail[], sent: (count: number) => void): Promise<void> {
  const { hostname, port } = new URL(smtpUrl);
  const transport = createTransport({
    host: hostname,
    port: Number(port),
    pool: true,
    maxConnections: CONNECTIONS,
    maxMessages: Number.POSITIVE_INFINITY,
    ignoreTLS: true,
  });
  let count = 0;
  const envelope = { from: 'a@example.org', to: ['b@example.org'] };
  await Promise.all(
    mails.map(async ({ raw }, i) => {
      const numbered = Buffer.concat([Buffer.from(`${NUMBER}: ${i}\r\n`), stripMailboxLine(raw)]);
      await transport.sendMail({ envelope, raw: numbered });
      sent(++count);
    }),
  );
  transport.close();
}
