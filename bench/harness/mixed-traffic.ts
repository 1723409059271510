import { setTimeout as delay } from 'node:timers/promises';

/** The requests beside the measured load that a service gets in use. */
export interface MixedTraffic {
  /** Ends the requests. Returns the number of answers by route and status; lost ones have the status 0. */
  stop(): Promise<ReadonlyMap<string, number>>;
  /** Starts a retraining, and resolves to its state when it has ended. */
  retrain(): Promise<string>;
}

/** The time in milliseconds between two rounds of requests. */
const ROUND_MS = 200;
const JOB_POLL_MS = 1_000;
/** The number of polls after which a retraining is given up: a quarter of an hour. */
const MAX_POLLS = 900;

/**
 * Sends feedback, batches, explanations and requests for reports, five times a second each: what clients, people and
 * dashboards do while predictions are made.
 */
export function startMixedTraffic(url: string, texts: readonly string[]): MixedTraffic {
  const counts = new Map<string, number>();
  let isRunning = true;

  async function send(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const headers = { 'content-type': 'application/json' };
    const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
    let status = 0;
    let answer: Record<string, unknown> = {};
    try {
      const response = await fetch(url + path, init);
      answer = (await response.json()) as Record<string, unknown>;
      ({ status } = response);
    } catch {
      // A lost request has the status 0.
    }
    const key = `${method} ${path.replace(/\?.*/, '')} ${status}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    return answer;
  }

  async function round(number: number): Promise<void> {
    const text = texts[number % texts.length] ?? '';
    const { id, prediction } = await send('POST', '/predict', { text });
    if (typeof id === 'string') await send('POST', '/feedback', { id, label: prediction });
    await send('POST', '/predict/batch', { texts: [text, text] });
    await send('POST', '/predict?explain=true', { text });
    await send('GET', ['/quality?model=spam', '/drift?model=spam', '/models/spam', '/models'][number % 4]!);
  }

  const running = (async () => {
    for (let number = 0; isRunning; number++) await Promise.all([round(number), delay(ROUND_MS)]);
  })();

  return {
    async stop() {
      isRunning = false;
      await running;
      return counts;
    },
    async retrain() {
      const started = await send('POST', '/models/spam/retrain', {});
      const { id } = (started['job'] ?? {}) as { id?: string };
      if (id === undefined) return `not started: ${JSON.stringify(started)}`;
      for (let polls = 0; polls < MAX_POLLS; polls++) {
        await delay(JOB_POLL_MS);
        const response = await fetch(`${url}/models/spam/retrain/${id}`).then(
          (found) => found.json() as Promise<{ job?: { state: string } }>,
          () => undefined,
        );
        const state = response?.job?.state;
        if (state !== undefined && state !== 'running') return state;
      }
      return 'still running';
    },
  };
}
