import { Agent, request } from 'node:http';

/** What a load run saw: the trace id of every answered prediction, and every request that was taken but not answered. */
export interface LoadResult {
  answered: string[];
  broken: string[];
}

/** Keeps a number of connections busy with predictions until told to stop. A refused connection is no lost response. */
export function runLoad(service: string, connections: number): LoadResult & { stop: () => Promise<LoadResult> } {
  const result: LoadResult = { answered: [], broken: [] };
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let running = true;

  const keepBusy = async () => {
    while (running) {
      try {
        const { status, body } = await post(`${service}/predict`, agent);
        if (status === 200) result.answered.push(JSON.parse(body).traceId);
        else if (status !== 503) result.broken.push(`status ${status}: ${body}`);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code === 'ECONNREFUSED') return;
        result.broken.push(`${code} ${message}`);
      }
    }
  };
  const workers = Array.from({ length: connections }, keepBusy);
  const stop = async () => {
    running = false;
    await Promise.all(workers);
    agent.destroy();
    return result;
  };
  return { ...result, stop };
}

function post(url: string, agent: Agent): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify({ text: 'Win a prize now, or read the minutes of the last meeting.' }));
  });
}
