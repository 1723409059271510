import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const TEXTS = [
  'Win a prize now, free of charge, click here to claim your reward today.',
  'Here are the minutes of the last meeting; the next one is on Tuesday at ten.',
  'Could you look at the patch that I sent to the list? It still fails on arm64.',
];

/** How hard to press: as many requests as are answered, or so many a second. */
export interface Load {
  readonly connections: number;
  readonly perSecond?: number;
}

export interface LoadResult {
  /** The trace id of every prediction that was answered. */
  readonly traceIds: string[];
  readonly seconds: number;
}

/**
 * Keeps asking for predictions until told to stop.
 *
 * @returns a function that ends it, and resolves when the last answer is in
 */
export function startLoad(service: string, { connections, perSecond }: Load): () => Promise<LoadResult> {
  // In turn, for none to be idle for so long that the service closes it just when the next request is on its way.
  const agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: 'fifo' });
  const traceIds: string[] = [];
  const started = performance.now();
  let sent = 0;
  let running = true;

  const due = () => (perSecond === undefined ? Infinity : ((performance.now() - started) / 1000) * perSecond);
  const keepAsking = async () => {
    while (running) {
      if (sent >= due()) await delay(1);
      else traceIds.push(await predict(service, agent, TEXTS[sent++ % TEXTS.length]!));
    }
  };
  const workers = Promise.all(Array.from({ length: connections }, keepAsking));
  // Whoever stops the load hears of it; until then a rejection must not end the process.
  workers.catch(() => {});

  return async () => {
    running = false;
    await workers;
    agent.destroy();
    return { traceIds, seconds: (performance.now() - started) / 1000 };
  };
}

/** Asks for one prediction and resolves to its trace id; anything but an answer rejects. */
function predict(service: string, agent: Agent, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${service}/predict`,
      { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
      (response) => {
        response.resume().on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200) resolve(String(response.headers['x-trace-id']));
          else reject(new Error(`POST /predict answered ${response.statusCode}`));
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify({ text }));
  });
}
