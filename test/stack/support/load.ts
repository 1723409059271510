import { Agent, request } from 'node:http';

/** The result of a load: the trace ids of the answered predictions, and the errors of the failed requests. */
export interface LoadResult {
  answered: string[];
  failed: string[];
}

/**
 * Keeps connections busy with predictions until `stop` is called. Refused connections do not count as failed requests.
 */
export function runLoad(service: string, connections: number): LoadResult & { stop: () => Promise<LoadResult> } {
  const result: LoadResult = { answered: [], failed: [] };
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let running = true;

  const keepBusy = async () => {
    while (running) {
      try {
        const { status, body } = await post(`${service}/predict`, agent);
        if (status === 200) result.answered.push(JSON.parse(body).traceId);
        else if (status !== 503) result.failed.push(`status ${status}: ${body}`);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code === 'ECONNREFUSED') return;
        result.failed.push(`${code} ${message}`);
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
