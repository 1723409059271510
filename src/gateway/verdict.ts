import type { PredictAnswer } from '../../packages/client/src/answers.ts';
import { type HeaderField, MARK } from '../mail/message-headers.ts';

/**
 * The reason why a message passed without a verdict. The values are a fixed set, so that they can be labels of metrics.
 */
export type UncheckedReason = 'deadline' | 'connection' | 'circuit_open' | 'refused' | 'unreadable';

/** The result of the classification of a message. */
export type Verdict =
  | {
      readonly checked: true;
      readonly spam: boolean;
      /** The probability of spam. */
      readonly score: number;
      readonly prediction: PredictAnswer;
    }
  | { readonly checked: false; readonly reason: UncheckedReason };

/** Returns a verdict as header fields, in the form of SpamAssassin that mail programs know. */
export function verdictFields(verdict: Verdict): HeaderField[] {
  if (!verdict.checked) {
    return [
      ['X-Spam-Status', `No, unchecked=${verdict.reason}`],
      ['X-Spam-Checked', 'No'],
    ];
  }
  const { spam, score, prediction } = verdict;
  const { name, version } = prediction.model;
  return [
    ['X-Spam-Flag', spam ? 'YES' : 'NO'],
    ['X-Spam-Status', `${spam ? 'Yes' : 'No'}, score=${score.toFixed(4)} model=${name}@${version}`],
    ['X-Spam-Checked', 'Yes'],
    [MARK.predictionId, prediction.id],
    [MARK.traceId, prediction.traceId],
  ];
}

/** Returns a verdict as the JSON of `POST /messages`. */
export function verdictJson(verdict: Verdict) {
  if (!verdict.checked) return { checked: false, spam: false, reason: verdict.reason };
  const { spam, score, prediction } = verdict;
  const { id, prediction: label, confidence, model } = prediction;
  return { checked: true, spam, score, id, label, confidence, model };
}
