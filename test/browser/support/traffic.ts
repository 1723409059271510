import { Agent, request } from 'node:http';

const TEXTS = [
  'Congratulations, you won free money, click here to claim your prize now',
  'The meeting about the release notes is moved to Thursday, see you in the usual room',
  'Dear friend, I need your account to transfer an inheritance of nine million dollars',
  'I have merged the branch; please have a look at the two tests that were flaky last week',
  'Lose weight fast with this one simple trick, limited offer, order today',
  'Could you send me the patch again? The mail list ate the attachment',
];

/** Sends predictions over kept connections. Returns the trace id of each answer. */
export async function sendPredictions(
  url: string,
  texts: readonly string[],
  concurrency = 16,
  headers: Record<string, string> = {},
): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const traceIds: string[] = [];
  let next = 0;
  const work = async () => {
    while (next < texts.length) {
      const at = next;
      next += 1;
      traceIds[at] = await sendPrediction(url, texts[at]!, agent, headers);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  agent.destroy();
  return traceIds;
}

function sendPrediction(url: string, text: string, agent: Agent, headers: Record<string, string>): Promise<string> {
  const body = JSON.stringify({ text });
  return new Promise((resolve, reject) => {
    request(
      `${url}/predict`,
      { method: 'POST', agent, headers: { 'content-type': 'application/json', ...headers } },
      (response) => {
        response.resume();
        response.on('end', () => resolve(String(response.headers['x-trace-id'])));
      },
    )
      .on('error', reject)
      .end(body);
  });
}

/** Returns short texts of several kinds. */
export function usualTexts(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${TEXTS[at % TEXTS.length]} ${at % 97}`);
}

/** Returns a text that takes much longer than the usual ones: tokenising it is most of the work. */
export function longText(): string {
  return usualTexts(1_200).join(' ').slice(0, 99_000);
}
