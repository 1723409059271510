import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { mailToText } from '../../src/corpus/mail-text.ts';

const MAILS = join(import.meta.dirname, '../../test/fixtures/mail');

const Prediction = z.object({
  id: z.string(),
  prediction: z.string(),
  confidence: z.number(),
  model: z.object({ name: z.string(), version: z.string() }),
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
});

/** What the service answered to one mail. */
export type Prediction = z.infer<typeof Prediction>;

/** Real mails on their way to one service, and a count of what was answered. */
export interface Traffic {
  predictions: Prediction[];
  /** Sends the next mail; after the last one comes the first again. */
  send: () => Promise<Prediction>;
}

/** Gets the sample mails ready to be sent to a service. */
export async function traffic(service: string): Promise<Traffic> {
  const texts = await mailTexts();
  const predictions: Prediction[] = [];
  let next = 0;
  const send = async () => {
    const text = texts[next % texts.length];
    next += 1;
    const response = await fetch(`${service}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text }),
    });
    if (!response.ok) throw new Error(`POST /predict answered ${response.status}: ${await response.text()}`);
    const prediction = Prediction.parse(await response.json());
    predictions.push(prediction);
    return prediction;
  };
  return { predictions, send };
}

async function mailTexts(): Promise<string[]> {
  const names = (await readdir(MAILS)).filter((name) => name.endsWith('.eml'));
  return Promise.all(names.map(async (name) => mailToText(await readFile(join(MAILS, name)))));
}
