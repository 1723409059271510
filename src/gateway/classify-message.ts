import { trace } from '@opentelemetry/api';
import type { WaymarkClient } from '../../packages/client/src/client.ts';
import { CircuitOpenError, ConnectionError, DeadlineError } from '../../packages/client/src/errors.ts';
import { mailToText } from '../mail/mail-text.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { GATEWAY_ATTRIBUTE, type GatewayInstruments, type Protocol, type VerdictName } from './telemetry.ts';
import type { UncheckedReason, Verdict } from './verdict.ts';

/** Options of `createMailClassifier`. */
export interface MailClassifierOptions {
  readonly client: Pick<WaymarkClient, 'predict'>;
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
    if (!verdict.checked) instruments.unchecked.add(1, { reason: verdict.reason, protocol });
    const attributes = {
      [GATEWAY_ATTRIBUTE.protocol]: protocol,
      [GATEWAY_ATTRIBUTE.messageBytes]: raw.length,
      [GATEWAY_ATTRIBUTE.verdict]: name,
      ...(verdict.checked
        ? { [GATEWAY_ATTRIBUTE.predictionId]: verdict.prediction.id }
        : { [GATEWAY_ATTRIBUTE.uncheckedReason]: verdict.reason }),
    };
    trace.getActiveSpan()?.setAttributes(attributes);
    log.info('message classified', attributes);
    return verdict;
  };

  async function classify(raw: Uint8Array, started: number): Promise<Verdict> {
    let text: string;
    try {
      // The cut can leave half of a surrogate pair, which is not valid in UTF-8.
      text = (await mailToText(raw)).slice(0, options.maxTextCharacters).toWellFormed();
    } catch (error) {
      log.warn('message not readable', exceptionAttributes(error));
      return { checked: false, reason: 'unreadable' };
    }
    try {
      const timeoutMs = Math.max(Math.round(options.deadlineMs - (performance.now() - started)), 1);
      const prediction = await options.client.predict(text, {
        timeoutMs,
        ...(options.model !== undefined && { model: options.model }),
      });
      const score = prediction.scores[spamLabel] ?? 0;
      return { checked: true, spam: prediction.prediction === spamLabel, score, prediction };
    } catch (error) {
      log.warn('message not classified', exceptionAttributes(error));
      return { checked: false, reason: reasonOf(error) };
    }
  }
}

function reasonOf(error: unknown): UncheckedReason {
  if (error instanceof DeadlineError) return 'deadline';
  if (error instanceof ConnectionError) return 'connection';
  if (error instanceof CircuitOpenError) return 'circuit_open';
  return 'refused';
}
