import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Example } from '../../src/training/read-examples.ts';
import { postJson } from '../../tools/stack/check/traffic.ts';

const Prediction = z.object({ id: z.string(), prediction: z.string(), model: z.object({ version: z.string() }) });

/** One mail that was answered and judged. */
export interface Judged {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly version: string;
  readonly right: boolean;
}

/** Mails that are sent at a steady rate, each with its true label some moments later, as a reader would give it. */
export interface Traffic {
  readonly judged: readonly Judged[];
  /** The mails that are sent from now on. */
  use(mails: readonly Example[]): void;
  /** How many of the mails in use are left. */
  left(): number;
  stop(): Promise<void>;
}

/** @param perSecond how many mails are sent in a second, whether or not the service keeps up */
export function sendMails(service: string, mails: readonly Example[], perSecond: number): Traffic {
  const judged: Judged[] = [];
  const underWay = new Set<Promise<void>>();
  let waiting = [...mails];
  let running = true;

  async function send({ text, label }: Example): Promise<void> {
    const answer = Prediction.parse(await postJson(`${service}/predict`, { text }));
    await postJson(`${service}/feedback`, { id: answer.id, label, text });
    judged.push({ at: Date.now(), version: answer.model.version, right: answer.prediction === label });
  }

  async function loop(): Promise<void> {
    const started = performance.now();
    for (let due = 0; running; due += 1_000 / perSecond) {
      await delay(Math.max(0, started + due - performance.now()));
      const mail = waiting.shift();
      if (!mail) continue;
      const one = send(mail);
      underWay.add(one);
      one.then(
        () => underWay.delete(one),
        // It stays among those under way, and so fails the end.
        () => {},
      );
    }
    await Promise.all(underWay);
  }

  const done = loop();
  done.catch(() => {});
  return {
    judged,
    use(others) {
      waiting = [...others];
    },
    left: () => waiting.length,
    async stop() {
      running = false;
      await done;
    },
  };
}

/** How often the last so many answers that fit were right; null before there are as many. */
export function accuracyOfLast(judged: readonly Judged[], count: number, version?: string): number | null {
  const last = judged.filter((one) => version === undefined || one.version === version).slice(-count);
  return last.length < count ? null : last.filter(({ right }) => right).length / count;
}
