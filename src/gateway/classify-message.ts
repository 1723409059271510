import { trace } from '@opentelemetry/api';
import type { PredictAnswer } from '../../packages/client/src/answers.ts';
import type { WaymarkClient } from '../../packages/client/src/client.ts';
import { CircuitOpenError, ConnectionError, DeadlineError } from '../../packages/client/src/errors.ts';
import type { MailReader } from '../mail/mail-reader.ts';
import { textsToClassify } from '../mail/mail-text.ts';
import { inputExceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { GATEWAY_ATTRIBUTE, type GatewayInstruments, type Protocol, type VerdictName } from './telemetry.ts';
import type { UncheckedReason, Verdict } from './verdict.ts';

/** Options of `createMailClassifier`. */
export interface MailClassifierOptions {
  readonly client: Pick<WaymarkClient, 'predict'>;
  readonly reader: Pick<MailReader, 'read'>;
  readonly model: string | undefined;
  readonly spamLabel: string;
  readonly deadlineMs: number;
  readonly maxTextCharacters: number;
  readonly instruments: GatewayInstruments;
  readonly log: Log;
}

/** Classifies a raw message. It never fails: a message that cannot be classified in time gets an unchecked verdict. */
export type MailClassifier = (raw: Uint8Array, protocol: Protocol) => Promise<Verdict>;

/**
 * Creates a classifier of messages that calls the classification service, for at most `deadlineMs` for each message.
 */
export function createMailClassifier(options: MailClassifierOptions): MailClassifier {
  const { instruments, log, spamLabel } = options;

  return async (raw, protocol) => {
    const started = performance.now();
    const verdict = await classify(raw, started);
    instruments.duration.record((performance.now() - started) / 1_000, { protocol });
    const name: VerdictName = !verdict.checked ? 'unchecked' : verdict.spam ? 'spam' : 'not_spam';
    instruments.messages.add(1, { verdict: name, protocol });
    if (verdict.limit !== undefined) instruments.partlyRead.add(1, { reason: verdict.limit, protocol });
    if (!verdict.checked) instruments.unchecked.add(1, { reason: verdict.reason, protocol });
    const attributes = {
      [GATEWAY_ATTRIBUTE.protocol]: protocol,
      [GATEWAY_ATTRIBUTE.messageBytes]: raw.length,
      [GATEWAY_ATTRIBUTE.verdict]: name,
      ...(verdict.hiddenShare > 0 && { [GATEWAY_ATTRIBUTE.hiddenText]: verdict.hiddenShare }),
      ...(verdict.limit !== undefined && { [GATEWAY_ATTRIBUTE.partlyRead]: verdict.limit }),
      ...(verdict.checked
        ? { [GATEWAY_ATTRIBUTE.predictionId]: verdict.prediction.id }
        : { [GATEWAY_ATTRIBUTE.uncheckedReason]: verdict.reason }),
    };
    trace.getActiveSpan()?.setAttributes(attributes);
    log.info('message classified', attributes);
    return verdict;
  };

  async function classify(raw: Uint8Array, started: number): Promise<Verdict> {
    const texts = await options.reader.read(raw);
    const report = { hiddenShare: texts.hiddenShare, limit: texts.limit };
    const timeoutMs = Math.max(Math.round(options.deadlineMs - (performance.now() - started)), 1);
    const settings = { timeoutMs, ...(options.model !== undefined && { model: options.model }) };
    // A sender can put harmless words into the part that a reader is not shown. The more suspicious part counts.
    const answers = await Promise.allSettled(
      textsToClassify(texts, options.maxTextCharacters).map((text) => options.client.predict(text, settings)),
    );
    let worst: { score: number; prediction: PredictAnswer } | undefined;
    let failure: unknown;
    for (const answer of answers) {
      if (answer.status === 'rejected') {
        failure = answer.reason;
        continue;
      }
      const score = answer.value.scores?.[spamLabel] ?? 0;
      if (!worst || score > worst.score) worst = { score, prediction: answer.value };
    }
    if (worst) {
      const { prediction, abstained } = worst.prediction;
      // The message passes if the service abstains, and its fields say so.
      return { checked: true, spam: prediction === spamLabel && !abstained, ...worst, ...report };
    }
    log.warn('message not classified', inputExceptionAttributes(failure));
    return { checked: false, reason: reasonOf(failure), ...report };
  }
}

function reasonOf(error: unknown): UncheckedReason {
  if (error instanceof DeadlineError) return 'deadline';
  if (error instanceof ConnectionError) return 'connection';
  if (error instanceof CircuitOpenError) return 'circuit_open';
  return 'refused';
}
