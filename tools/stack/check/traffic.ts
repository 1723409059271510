import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { mailToText } from '../../../src/mail/mail-text.ts';

const MAILS = join(import.meta.dirname, '../../../test/fixtures/mail');

const Prediction = z.object({
  id: z.string(),
  prediction: z.string(),
  confidence: z.number(),
  model: z.object({ name: z.string(), version: z.string() }),
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
});

/** What the service answered to one mail. */
export type Prediction = z.infer<typeof Prediction>;

/** Real mails on their way to one service, and what was answered so far. */
export interface Traffic {
  /** How many different mails there are. */
  mails: number;
  predictions: Prediction[];
  /** How many answers gave the label that the mail is known to have. */
  right: () => number;
  /** Sends the next mail; after the last one comes the first again. */
  send: () => Promise<Prediction>;
}

/** Gets the sample mails ready to be sent to a service. */
export async function traffic(service: string): Promise<Traffic> {
  const mails = await readMails();
  const predictions: Prediction[] = [];
  let next = 0;
  let right = 0;
  const send = async () => {
    const { text, label } = mails[next % mails.length] ?? {};
    next += 1;
    const prediction = Prediction.parse(await postJson(`${service}/predict`, { text }));
    predictions.push(prediction);
    if (prediction.prediction === label) right += 1;
    return prediction;
  };
  return { mails: mails.length, predictions, right: () => right, send };
}

/**
 * What is answered to a body of JSON.
 *
 * @throws {Error} for any answer but a good one
 */
export async function postJson(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** The sample mails, whose names begin with their labels. */
export async function readMails(): Promise<{ label: string; text: string }[]> {
  return Promise.all(
    (await mailNames()).map(async (name) => ({
      label: name.replace(/[^a-z].*/, ''),
      text: await mailToText(await readFile(join(MAILS, name))),
    })),
  );
}

/** Hands one raw mail to the gateway, and resolves to the trace in which it was judged. */
export async function sendThroughGateway(gateway: string): Promise<string> {
  const [name = ''] = await mailNames();
  const response = await fetch(`${gateway}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'message/rfc822' },
    body: await readFile(join(MAILS, name)),
  });
  if (response.headers.get('x-spam-checked') !== 'Yes') {
    throw new Error(`POST /messages answered ${response.status}: ${response.headers.get('x-spam-status')}`);
  }
  return response.headers.get('x-trace-id') ?? '';
}

async function mailNames(): Promise<string[]> {
  const names = (await readdir(MAILS)).filter((name) => name.endsWith('.eml'));
  if (names.length === 0) throw new Error(`There are no mails in ${MAILS}`);
  return names;
}
