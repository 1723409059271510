import { createTrainer, type TrainedModel } from '../../src/classifier/learning/trainer.ts';
import type { TrainingOptions } from '../../src/classifier/learning/training-options.ts';

const wordsByLabel = {
  ham: ['meeting', 'patch', 'lunch', 'kernel', 'report', 'compile', 'thanks', 'agenda'],
  spam: ['free', 'money', 'winner', 'offer', 'click', 'cheap', 'viagra', 'prize'],
  news: ['election', 'minister', 'market', 'court', 'storm', 'strike', 'vote', 'summit'],
};

/** Makes `count` texts for each label that a classifier can learn. Every call returns the same texts. */
export function smallMails(count: number, labels: readonly (keyof typeof wordsByLabel)[] = ['ham', 'spam']) {
  return labels.flatMap((label, offset) =>
    Array.from({ length: count }, (_, at) => {
      const words = wordsByLabel[label];
      const word = (step: number) => words[(at * 3 + step * 5 + offset) % words.length];
      return { text: `the ${word(0)} about ${word(1)} and ${word(2 + (at % 3))} number ${at % 7}`, label };
    }),
  );
}

/** Trains a model on a few texts. */
export function trainSmall(
  options: Partial<TrainingOptions> = {},
  examples: readonly { text: string; label: string }[] = smallMails(30),
): TrainedModel {
  const trainer = createTrainer({ algorithm: 'logistic-regression', tokenizer: 'auto', seed: 1, ...options });
  for (const { text, label } of examples) trainer.add(text, label);
  return trainer.finish();
}
