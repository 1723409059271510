import type { PredictAnswer } from '../../packages/client/src/answers.ts';
import { type HeaderField, MARK } from '../mail/message-headers.ts';

/** Why a message was let through without a verdict; bounded, so that it can be a metric label. */
export type UncheckedReason = 'deadline' | 'connection' | 'circuit_open' | 'refused' | 'unreadable';

/** What the gateway says of a message. */
export type Verdict =
  | {
      readonly checked: true;
      readonly spam: boolean;
      /** Probability of spam. */
      readonly score: number;
      readonly prediction: PredictAnswer;
    }
  | { readonly checked: false; readonly reason: UncheckedReason };

/** The verdict as header fields, in the form that mail programs know from SpamAssassin. */
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

/** The verdict as JSON. */
export function verdictJson(verdict: Verdict) {
  if (!verdict.checked) return { checked: false, spam: false, reason: verdict.reason };
  const { spam, score, prediction } = verdict;
  const { id, prediction: label, confidence, model } = prediction;
  return { checked: true, spam, score, id, label, confidence, model };
}
