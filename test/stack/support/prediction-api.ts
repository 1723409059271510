import { z } from 'zod';
import { postJson } from '../../../tools/stack/check/traffic.ts';

const predictionSchema = z.object({ id: z.string(), prediction: z.string() });
const batchSchema = z.object({ predictions: z.array(predictionSchema) });

type Prediction = z.infer<typeof predictionSchema>;

/** Predicts the labels of texts, in batches of 100. */
export async function predictAll(service: string, texts: readonly string[]): Promise<Prediction[]> {
  const predictions: Prediction[] = [];
  for (let at = 0; at < texts.length; at += 100) {
    const answer = await postJson(`${service}/predict/batch`, { texts: texts.slice(at, at + 100) });
    predictions.push(...batchSchema.parse(answer).predictions);
  }
  return predictions;
}

interface LabelledPrediction {
  readonly id: string;
  readonly label: string;
  readonly source?: 'truth' | 'review' | 'report';
}

/** Sends labels of predictions as feedback, 50 at a time. */
export async function sendFeedback(service: string, labels: readonly LabelledPrediction[]): Promise<void> {
  for (let at = 0; at < labels.length; at += 50) {
    await Promise.all(labels.slice(at, at + 50).map((body) => postJson(`${service}/feedback`, body)));
  }
}
