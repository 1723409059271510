import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** An answer of `POST /predict`, as far as it is looked at. */
export interface Answer {
  readonly prediction: string;
  readonly model: { readonly name: string; readonly version: string };
}

export interface OpenLoad<Text extends { readonly text: string }> {
  /** Of the service. */
  readonly url: string;
  readonly perSecond: number;
  readonly seconds: number;
  /** Sent one after the other, over and over. */
  readonly texts: readonly Text[];
  /** Whether the answer to a text is what the version that gave it has to say. */
  readonly isRight: (text: Text, answer: Answer) => boolean;
}

export interface OpenLoadResult {
  readonly sent: number;
  /** What else came than an answer with 200. */
  readonly errors: string[];
  /** Answers whose label and version disagree. */
  readonly mismatches: string[];
  /** How many answers each version gave. */
  readonly byVersion: ReadonlyMap<string, number>;
  /** Of every request, from when it was due to the end of its answer, ascending. */
  readonly milliseconds: readonly number[];
}

/**
 * Sends requests at a steady rate, whether those before are answered or not: a service that stops for a moment makes
 * those late that were due in it, and they count. Resolves when the last one is answered.
 */
export async function sendSteadily<Text extends { readonly text: string }>({
  url,
  perSecond,
  seconds,
  texts,
  isRight,
}: OpenLoad<Text>): Promise<OpenLoadResult> {
  // In turn, for none to be idle for so long that the service closes it just when the next request is on its way.
  const agent = new Agent({ keepAlive: true, maxSockets: 64, scheduling: 'fifo' });
  const errors: string[] = [];
  const mismatches: string[] = [];
  const byVersion = new Map<string, number>();
  const milliseconds: number[] = [];
  const underWay: Promise<void>[] = [];
  const total = Math.round(perSecond * seconds);
  const started = performance.now();

  async function send(at: number): Promise<void> {
    const due = started + (at / perSecond) * 1000;
    const text = texts[at % texts.length]!;
    try {
      const answer = await predict(url, agent, text.text);
      const { version } = answer.model;
      byVersion.set(version, (byVersion.get(version) ?? 0) + 1);
      if (!isRight(text, answer)) mismatches.push(`version ${version} answered ${answer.prediction}`);
    } catch (error) {
      errors.push((error as Error).message);
    }
    milliseconds.push(performance.now() - due);
  }

  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - started) / 1000) * perSecond) + 1);
    while (sent < due) underWay.push(send(sent++));
    await delay(1);
  }
  await Promise.all(underWay);
  agent.destroy();
  milliseconds.sort((a, b) => a - b);
  return { sent: total, errors, mismatches, byVersion, milliseconds };
}

/** The time that a share of the requests did not take longer than. */
export function percentile({ milliseconds }: Pick<OpenLoadResult, 'milliseconds'>, share: number): number {
  return milliseconds[Math.min(milliseconds.length - 1, Math.floor(milliseconds.length * share))] ?? Number.NaN;
}

function predict(url: string, agent: Agent, text: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const outgoing = request(`${url}/predict`, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(JSON.parse(body) as Answer);
        else reject(new Error(`${response.statusCode}: ${body}`));
      });
    });
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify({ text }));
  });
}
