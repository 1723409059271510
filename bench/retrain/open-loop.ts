import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** Times from when each request was due to when its answer was in, in milliseconds. */
export interface Latencies {
  readonly milliseconds: number[];
  readonly errors: number;
}

/**
 * Sends texts at a fixed rate, whether or not earlier ones are answered: a service that stands still is not spared the
 * requests that would have come meanwhile.
 *
 * @param running asked before each request; once false, no more are sent and what is under way is waited for
 */
export async function sendAtRate(
  url: string,
  texts: readonly string[],
  perSecond: number,
  running: () => boolean,
): Promise<Latencies> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const bodies = texts.map((text) => JSON.stringify({ text }));
  const milliseconds: number[] = [];
  const underWay = new Set<Promise<void>>();
  let errors = 0;
  const began = performance.now();

  for (let sent = 0; running(); ) {
    const due = began + (sent * 1000) / perSecond;
    if (performance.now() < due) {
      await delay(1);
      continue;
    }
    const answer = ask(`${url}/predict`, agent, bodies[sent % bodies.length]!).then(
      () => void milliseconds.push(performance.now() - due),
      () => {
        errors += 1;
      },
    );
    underWay.add(answer);
    void answer.then(() => underWay.delete(answer));
    sent += 1;
  }
  await Promise.all(underWay);
  agent.destroy();
  return { milliseconds, errors };
}

function ask(url: string, agent: Agent, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const outgoing = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume().on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`answered ${response.statusCode}`));
      });
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      // The service closes a connection that was idle for five seconds, and this request may have met that.
      if (outgoing.reusedSocket && error.code === 'ECONNRESET') resolve(ask(url, agent, body));
      else reject(error);
    });
    outgoing.end(body);
  });
}
