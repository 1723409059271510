import { Agent, request } from 'node:http';

/** Sentences of usual mails. A text of the tests is a few of them, so that the model finds its length usual. */
const SENTENCES = {
  ham: [
    'The meeting about the release notes is moved to Thursday, in the usual room.',
    'I have merged the branch; please look at the two tests that were flaky last week.',
    'Could you send me the patch again? The mailing list seems to have lost the attachment.',
    'The kernel compiles now, but the sound card is still not found after a reboot.',
    'On Monday, Peter wrote that the server needs a new disk, and I agree with him.',
    'Does anybody know why the installer asks for the same package three times?',
    'Thanks for the report. I could reproduce it with the latest version from the archive.',
  ],
  spam: [
    'Congratulations, you won free money, click here to claim your prize now.',
    'Dear friend, I need your account to transfer an inheritance of nine million dollars.',
    'Lose weight fast with this one simple trick, a limited offer, order today.',
    'This is a one time mailing; to be removed from our list please reply with remove.',
    'Work at home and earn 5000 dollars a week, guaranteed, no experience needed!',
    'Get the lowest mortgage rates in your state, fill in the free form below.',
  ],
} as const;

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

/** Returns texts of the length of usual mails. */
export function usualTexts(count: number): string[] {
  return Array.from({ length: count }, (_, at) => {
    const sentences = SENTENCES[at % 3 === 0 ? 'spam' : 'ham'];
    return Array.from(
      { length: 8 + (at % 5) },
      (_, next) => sentences[(at + next * (1 + (at % 4))) % sentences.length],
    ).join('\n');
  });
}

/** Returns a text that takes much longer than the usual ones: tokenising it is most of the work. */
export function longText(): string {
  return usualTexts(400).join(' ').slice(0, 99_000);
}
