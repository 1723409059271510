import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { mailToText } from '../../../src/mail/mail-text.ts';

const MAILS = join(import.meta.dirname, '../../../test/fixtures/mail');

const predictionSchema = z.object({
  id: z.string(),
  prediction: z.string(),
  confidence: z.number(),
  model: z.object({ name: z.string(), version: z.string() }),
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
});

/** The answer of the service to a mail. */
export type Prediction = z.infer<typeof predictionSchema>;

/** A client that sends real mails to a service, with the answers so far. */
export interface Traffic {
  /** The number of different mails. */
  mailCount: number;
  predictions: Prediction[];
  /** Returns the number of answers with the true label of the mail. */
  correct: () => number;
  /** Sends the next mail, again from the first after the last. */
  send: () => Promise<Prediction>;
}

/** Reads the sample mails and returns a client that sends them to a service. */
export async function createTraffic(service: string): Promise<Traffic> {
  const mails = await readMails();
  const predictions: Prediction[] = [];
  let next = 0;
  let correct = 0;
  const send = async () => {
    const { text, label } = mails[next % mails.length] ?? {};
    next += 1;
    const prediction = predictionSchema.parse(await postJson(`${service}/predict`, { text }));
    predictions.push(prediction);
    if (prediction.prediction === label) correct += 1;
    return prediction;
  };
  return { mailCount: mails.length, predictions, correct: () => correct, send };
}

/**
 * Sends a JSON body by POST and returns the parsed answer.
 *
 * @throws {Error} for a status other than 2xx
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

/** Returns the sample mails. The file name of a mail starts with its label. */
export async function readMails(): Promise<{ label: string; text: string }[]> {
  return Promise.all(
    (await mailNames()).map(async (name) => ({
      label: name.replace(/[^a-z].*/, ''),
      text: await mailToText(await readFile(join(MAILS, name))),
    })),
  );
}

/** Sends a raw mail to the gateway and returns the id of the trace in which it was classified. */
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
