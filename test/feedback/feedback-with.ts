import type { Feedback } from '../../src/feedback/database/feedback.ts';

/** Returns feedback that says that a prediction of spam is ham. */
export function feedbackWith(id: string, text?: string): Feedback {
  return {
    id,
    model: 'spam',
    version: '1',
    artefact: 'a1',
    predicted: 'spam',
    actual: 'ham',
    source: 'truth',
    predictedAt: 1_000,
    receivedAt: 2_000,
    reviewShare: 0,
    ...(text !== undefined && { text }),
  };
}
