import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createTransport } from 'nodemailer';
import { z } from 'zod';
import type { Example } from '../../src/training/read-examples.ts';
import { postJson } from '../stack/check/traffic.ts';
import type { Urls } from '../stack/components.ts';

const RAW_MAILS = join(import.meta.dirname, '../../test/fixtures/mail');
const MAILS_PER_SECOND = 10;
/** One in so many mails also comes through the gateway, is a text of its own kind, or a request with a fault. */
const [GATEWAY_EVERY, ODD_EVERY, FAULT_EVERY, BATCH_EVERY, OVERLONG_EVERY] = [5, 10, 25, 100, 250];
/** One in so many answers gets its true label, and one in so many of these comes from a report. */
const [LABEL_EVERY, REPORT_EVERY] = [2, 10];
/** Texts that are not like mail: each has another anomaly. */
const ODD_TEXTS = [
  '',
  'Встреча переносится на четверг',
  'cl\u0456ck h\u0435re for fr\u0435e m\u043eney',
  'qwzx vbnk plfg',
];
const BATCH_SIZE = 100;

const predictionSchema = z.object({ id: z.string() });

/** The longest text that the service takes, so that some mails are too long. */
export const MAX_TEXT_CHARACTERS = 20_000;

/**
 * Sends real mails to the service and through the gateway, in the same order in each run: predictions with true labels,
 * batches, texts of another kind, and requests and mails with faults.
 */
export async function sendTraffic(
  { service, gateway, gatewaySmtp }: Urls,
  mails: readonly Example[],
  seconds: number,
): Promise<void> {
  const names = (await readdir(RAW_MAILS)).filter((name) => name.endsWith('.eml')).sort();
  const raw = await Promise.all(names.map((name) => readFile(join(RAW_MAILS, name))));
  const { hostname, port } = new URL(gatewaySmtp);
  const smtp = createTransport({ host: hostname, port: Number(port), ignoreTLS: true });
  const overlong = `Subject: Minutes\r\n\r\n${'The minutes of the last meeting.\r\n'.repeat(MAX_TEXT_CHARACTERS / 20)}`;
  const pending = new Set<Promise<void>>();

  async function predict(at: number): Promise<void> {
    const { text, label } = mails[at % mails.length]!;
    const { id } = predictionSchema.parse(await postJson(`${service}/predict`, { text }));
    if (at % LABEL_EVERY !== 0) return;
    const source = at % (LABEL_EVERY * REPORT_EVERY) === 0 ? 'report' : 'truth';
    await postJson(`${service}/feedback`, { id, label, source });
  }

  async function postMail(mail: string | Buffer): Promise<void> {
    const headers = { 'content-type': 'message/rfc822' };
    await (await fetch(`${gateway}/messages`, { method: 'POST', headers, body: mail })).arrayBuffer();
  }

  async function sendFault(at: number): Promise<void> {
    await (await fetch(`${service}/predict`, { method: 'POST' })).arrayBuffer();
    if (at % OVERLONG_EVERY === 0) await postMail(overlong);
  }

  async function sendMail(at: number): Promise<void> {
    const mail = raw[at % raw.length]!;
    if (at % (GATEWAY_EVERY * 2) === 0) await postMail(mail);
    else await smtp.sendMail({ envelope: { from: 'a@example.org', to: 'b@example.org' }, raw: mail });
  }

  async function sendBatch(at: number): Promise<void> {
    const texts = Array.from({ length: BATCH_SIZE }, (_, index) => mails[(at + index) % mails.length]!.text);
    await postJson(`${service}/predict/batch`, { texts });
  }

  async function sendAt(at: number): Promise<void> {
    await predict(at);
    if (at % GATEWAY_EVERY === 0) await sendMail(at);
    if (at % ODD_EVERY === 0)
      await postJson(`${service}/predict`, { text: ODD_TEXTS[(at / ODD_EVERY) % ODD_TEXTS.length] });
    if (at % FAULT_EVERY === 0) await sendFault(at);
    if (at % BATCH_EVERY === 0) await sendBatch(at);
  }

  const started = performance.now();
  for (let at = 0; at < seconds * MAILS_PER_SECOND; at += 1) {
    await delay(Math.max(0, started + (at * 1_000) / MAILS_PER_SECOND - performance.now()));
    const sending = sendAt(at);
    pending.add(sending);
    // A failed one stays, so that the end of the traffic rejects.
    sending.then(
      () => pending.delete(sending),
      () => {},
    );
  }
  await Promise.all(pending);
  smtp.close();
}
