import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '../../packages/client/src/client.ts';
import { readMailTexts, stripMailboxLine, textsToClassify } from '../../src/mail/mail-text.ts';
import { readField } from '../../src/mail/message-headers.ts';
import { freePort, type ServiceProcess, startGatewayProcess, startProcess } from '../support/service-process.ts';
import { type HeldOutMail, heldOutMails } from './support/held-out-mails.ts';

const CONNECTIONS = 8;
const MAX_CHARACTERS = 100_000;
/** The header field with the number of a mail. The gateway keeps unknown fields, so delivered messages have it. */
const NUMBER_FIELD = 'X-Test-Number';

describe('all held-out mails by SMTP through the gateway, with a restart of Waymark in between', () => {
  let folder: string;
  let mails: HeldOutMail[];
  /** The predictions of the service for the mails, without the gateway: spam, if a part of the mail is spam. */
  let predictedLabels: string[];
  let delivered: Buffer[];
  let gateway: ServiceProcess;
  let service: ServiceProcess;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'waymark-gateway-corpus-'));
    mails = await heldOutMails();
    const environment = { PORT: String(await freePort()), DATA_DIR: join(folder, 'data') };
    service = await startProcess(environment);
    predictedLabels = await predictAll(service.url, mails);
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

  test('are delivered exactly once', () => {
    const numbers = delivered.map((message) => Number(readField(message, NUMBER_FIELD)));
    expect(mails.length).toBeGreaterThan(1_000);
    expect(numbers.sort((a, b) => a - b)).toEqual(mails.map((_, i) => i));
  });

  test('have the verdict of the model', () => {
    const wrong = delivered.filter((message) => {
      const label = predictedLabels[Number(readField(message, NUMBER_FIELD))];
      return readField(message, 'X-Spam-Flag') !== (label === 'spam' ? 'YES' : 'NO');
    });
    const statuses = wrong.map((message) => [readField(message, NUMBER_FIELD), readField(message, 'X-Spam-Status')]);
    expect(statuses).toEqual([]);
  });

  test('have verdicts with the accuracy of the model', () => {
    const correct = delivered.filter((message) => {
      const { label } = mails[Number(readField(message, NUMBER_FIELD))]!;
      return (readField(message, 'X-Spam-Flag') === 'YES') === (label === 'spam');
    });
    const accuracy = correct.length / mails.length;
    process.stdout.write(`${mails.length} mails by SMTP: verdict accuracy ${accuracy.toFixed(4)}\n`);
    expect(correct.length).toBe(mails.filter(({ label }, i) => label === predictedLabels[i]).length);
    expect(accuracy).toBeGreaterThan(0.98);
  });
});

async function predictAll(url: string, mails: readonly HeldOutMail[]): Promise<string[]> {
  const client = createClient({ url });
  const labels: string[] = [];
  for (const { raw } of mails) {
    const texts = await readMailTexts(raw, { deadline: Number.POSITIVE_INFINITY, maxCharacters: MAX_CHARACTERS });
    const { predictions } = await client.predictBatch(textsToClassify(texts, MAX_CHARACTERS));
    labels.push(predictions.some(({ prediction }) => prediction === 'spam') ? 'spam' : 'ham');
  }
  return labels;
}

async function sendAll(smtpUrl: string, mails: readonly HeldOutMail[], onSent: (count: number) => void): Promise<void> {
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
      const numbered = Buffer.concat([Buffer.from(`${NUMBER_FIELD}: ${i}\r\n`), stripMailboxLine(raw)]);
      await transport.sendMail({ envelope, raw: numbered });
      onSent(++count);
    }),
  );
  transport.close();
}
