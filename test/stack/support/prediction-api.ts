import { z } from 'zod';
import { postJson } from '../../../tools/stack/check/traffic.ts';

const Prediction = z.object({ id: z.string(), prediction: z.string() });
const Batch = z.object({ predictions: z.array(Prediction) });

/** Predicts texts, in batches. */
export async function predictAll(service: string, texts: readonly string[]): Promise<z.infer<typeof Prediction>[]> {
  const predictions: z.infer<typeof Prediction>[] = [];
  for (let at = 0; at < texts.length; at += 100) {
    const answer = await postJson(`${service}/predict/batch`, { texts: texts.slice(at, at + 100) });
    predictions.push(...Batch.parse(answer).predictions);
  }
  return predictions;
}

/** Gives predictions their true labels, some at a time. */
export async function sendFeedback(service: string, labels: readonly { id: string; label: string }[]): Promise<void> {
  for (let at = 0; at < labels.length; at += 50) {
    await Promise.all(labels.slice(at, at + 50).map((body) => postJson(`${service}/feedback`, body)));
  }
}
