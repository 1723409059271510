import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Example } from '../../src/training/read-examples.ts';
import { postJson } from '../../tools/stack/check/traffic.ts';

const predictionSchema = z.object({ id: z.string(), prediction: z.string(), model: z.object({ version: z.string() }) });

/** The answer to a mail for which the true label was sent as feedback. */
export interface LabelledAnswer {
  /** The time in milliseconds since 1970. */
  readonly at: number;
  /** The version of the model. */
  readonly version: string;
  readonly correct: boolean;
}

/** A sender of mails at a steady rate. After each answer it sends the true label, like the reader of a mail. */
export interface Traffic {
  readonly answers: readonly LabelledAnswer[];
  /** Replaces the mails to send. */
  use(mails: readonly Example[]): void;
  /** Stops, and waits for the mails in flight. Rejects if a request failed. */
  stop(): Promise<void>;
}

/** Starts to send mails to the service, at a rate that is independent of the answers. */
export function sendMails(service: string, mails: readonly Example[], perSecond: number): Traffic {
  const answers: LabelledAnswer[] = [];
  const inFlight = new Set<Promise<void>>();
  let queue = [...mails];
  let running = true;

  async function send({ text, label }: Example): Promise<void> {
    const answer = predictionSchema.parse(await postJson(`${service}/predict`, { text }));
    await postJson(`${service}/feedback`, { id: answer.id, label, text });
    answers.push({ at: Date.now(), version: answer.model.version, correct: answer.prediction === label });
  }

  async function loop(): Promise<void> {
    const started = performance.now();
    for (let due = 0; running; due += 1_000 / perSecond) {
      await delay(Math.max(0, started + due - performance.now()));
      const mail = queue.shift();
      if (!mail) continue;
      const sending = send(mail);
      inFlight.add(sending);
      sending.then(
        () => inFlight.delete(sending),
        // A failed request stays in the set, so that the loop rejects at its end.
        () => {},
      );
    }
    await Promise.all(inFlight);
  }

  const done = loop();
  done.catch(() => {});
  return {
    answers,
    use(others) {
      queue = [...others];
    },
    async stop() {
      running = false;
      await done;
    },
  };
}

/** Returns the accuracy of the last `count` answers, of a version if given, or `null` if there are fewer. */
export function recentAccuracy(answers: readonly LabelledAnswer[], count: number, version?: string): number | null {
  const last = answers.filter((answer) => version === undefined || answer.version === version).slice(-count);
  return last.length < count ? null : last.filter(({ correct }) => correct).length / count;
}
