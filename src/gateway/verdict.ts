import type { PredictAnswer } from '../../packages/client/src/answers.ts';
import type { MailLimit } from '../mail/bounded-mime.ts';
import { type HeaderField, MARK } from '../mail/message-headers.ts';

/**
 * The reason why a message passed without a verdict. The values are a fixed set, so that they can be labels of metrics.
 */
export type UncheckedReason = 'deadline' | 'connection' | 'circuit_open' | 'refused';

/** The findings about a message beside its text. */
export interface ReadingReport {
  /** The share of the HTML text, from 0 to 1, that is hidden from the reader. */
  readonly hiddenShare: number;
  /** The limit that the message exceeded, so that only a part of it was read. */
  readonly limit: MailLimit | undefined;
}

/** The result of the classification of a message. */
export type Verdict = ReadingReport &
  (
    | {
        readonly checked: true;
        readonly spam: boolean;
        /** The probability of spam. */
        readonly score: number;
        readonly prediction: PredictAnswer;
      }
    | { readonly checked: false; readonly reason: UncheckedReason }
  );

/** Returns a verdict as header fields, in the form of SpamAssassin that mail programs know. */
export function verdictFields(verdict: Verdict): HeaderField[] {
  if (!verdict.checked) {
    return [['X-Spam-Status', `No, unchecked=${verdict.reason}`], ['X-Spam-Checked', 'No'], ...readingFields(verdict)];
  }
  const { spam, score, prediction } = verdict;
  const { name, version } = prediction.model;
  const abstained = prediction.abstained ? ' abstained=yes' : '';
  return [
    ['X-Spam-Flag', spam ? 'YES' : 'NO'],
    ['X-Spam-Status', `${spam ? 'Yes' : 'No'}, score=${score.toFixed(4)} model=${name}@${version}${abstained}`],
    ['X-Spam-Checked', 'Yes'],
    [MARK.predictionId, prediction.id],
    [MARK.traceId, prediction.traceId],
    ...readingFields(verdict),
  ];
}

function readingFields({ hiddenShare, limit }: ReadingReport): HeaderField[] {
  return [
    ...(hiddenShare > 0 ? [[MARK.hiddenText, hiddenShare.toFixed(2)] as const] : []),
    ...(limit !== undefined ? [[MARK.partlyRead, limit] as const] : []),
  ];
}

/** Returns a verdict as the JSON of `POST /messages`. */
export function verdictJson(verdict: Verdict) {
  const { hiddenShare, limit } = verdict;
  const reading = { ...(hiddenShare > 0 && { hiddenShare }), ...(limit !== undefined && { partlyRead: limit }) };
  if (!verdict.checked) return { checked: false, spam: false, reason: verdict.reason, ...reading };
  const { spam, score, prediction } = verdict;
  const { id, prediction: label, confidence, model, abstained } = prediction;
  return { checked: true, spam, score, id, label, confidence, model, ...(abstained && { abstained }), ...reading };
}
