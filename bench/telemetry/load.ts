import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const TEXTS = [
  'Win a prize now, free of charge, click here to claim your reward today.',
  'Here are the minutes of the last meeting; the next one is on Tuesday at ten.',
  'Could you look at the patch that I sent to the list? It still fails on arm64.',
];

/** The load of `startLoad`. Without `perSecond`, each connection sends its next request when the last is answered. */
export interface Load {
  readonly connections: number;
  readonly perSecond?: number;
}

/** The result of a load. */
export interface LoadResult {
  /** The trace ids of all answered predictions. */
  readonly traceIds: string[];
  readonly seconds: number;
}

/**
 * Starts to send predictions to the service.
 *
 * @returns a function that stops the load and resolves after the last answer. It rejects if a request failed.
 */
export function startLoad(service: string, { connections, perSecond }: Load): () => Promise<LoadResult> {
  // With "fifo" no connection stays idle for so long that the service closes it while a request is on its way.
  const agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: 'fifo' });
  const traceIds: string[] = [];
  const started = performance.now();
  let sent = 0;
  let running = true;

  const due = () => (perSecond === undefined ? Infinity : ((performance.now() - started) / 1000) * perSecond);
  const sendRequests = async () => {
    while (running) {
      if (sent >= due()) await delay(1);
      else traceIds.push(await predict(service, agent, TEXTS[sent++ % TEXTS.length]!));
    }
  };
  const workers = Promise.all(Array.from({ length: connections }, sendRequests));
  // The returned function rejects with the error. Until then it must not count as unhandled, which would end the
  // process.
  workers.catch(() => {});

  return async () => {
    running = false;
    await workers;
    agent.destroy();
    return { traceIds, seconds: (performance.now() - started) / 1000 };
  };
}

/** Sends one prediction and returns its trace id. Rejects for a status other than 200. */
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
