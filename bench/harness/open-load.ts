import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** The fields of an answer of `POST /predict` that are checked. */
export interface Answer {
  readonly prediction: string;
  readonly model: { readonly name: string; readonly version: string };
}

/** Options of `sendSteadily`. */
export interface OpenLoad<Text extends { readonly text: string }> {
  /** The base URL of the service. */
  readonly url: string;
  readonly perSecond: number;
  readonly seconds: number;
  /** The texts, sent in a cycle. */
  readonly texts: readonly Text[];
  /** Returns true if the answer is correct for the text and the version of the model. */
  readonly isCorrect: (text: Text, answer: Answer) => boolean;
  /** The model; by default that of the service. */
  readonly model?: string;
  /** The limit on connections; default 64. */
  readonly maxSockets?: number;
}

/** The result of `sendSteadily`. */
export interface OpenLoadResult {
  readonly sent: number;
  /** The messages of all failed requests, including answers other than 200. */
  readonly errors: string[];
  /** Descriptions of the answers that are not correct. */
  readonly mismatches: string[];
  /** The number of answers by model version. */
  readonly byVersion: ReadonlyMap<string, number>;
  /** The times from the due time of each request to the end of its answer, in ascending order. */
  readonly milliseconds: readonly number[];
}

/**
 * Sends requests at a steady rate, independent of the answers (open loop). If the service stalls, the requests that are
 * due in that time count as late. Resolves when the last request is answered.
 */
export async function sendSteadily<Text extends { readonly text: string }>({
  url,
  perSecond,
  seconds,
  texts,
  isCorrect,
  model,
  maxSockets = 64,
}: OpenLoad<Text>): Promise<OpenLoadResult> {
  // With "fifo" no connection stays idle for so long that the service closes it while a request is on its way.
  const agent = new Agent({ keepAlive: true, maxSockets, scheduling: 'fifo' });
  const errors: string[] = [];
  const mismatches: string[] = [];
  const byVersion = new Map<string, number>();
  const milliseconds: number[] = [];
  const inFlight: Promise<void>[] = [];
  const total = Math.round(perSecond * seconds);
  const started = performance.now();

  async function send(at: number): Promise<void> {
    const due = started + (at / perSecond) * 1000;
    const text = texts[at % texts.length]!;
    try {
      const answer = await predict(url, agent, { text: text.text, model });
      const { version } = answer.model;
      byVersion.set(version, (byVersion.get(version) ?? 0) + 1);
      if (!isCorrect(text, answer)) mismatches.push(`version ${version} answered ${answer.prediction}`);
    } catch (error) {
      errors.push((error as Error).message);
    }
    milliseconds.push(performance.now() - due);
  }

  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - started) / 1000) * perSecond) + 1);
    while (sent < due) inFlight.push(send(sent++));
    await delay(1);
  }
  await Promise.all(inFlight);
  agent.destroy();
  milliseconds.sort((a, b) => a - b);
  return { sent: total, errors, mismatches, byVersion, milliseconds };
}

/** The rate of `sendSingles`. */
export const SINGLES_PER_SECOND = 100;

/** Sends single requests to the model of the service at a steady rate. @throws {Error} if one of them fails */
export async function sendSingles<Text extends { readonly text: string }>(
  url: string,
  texts: readonly Text[],
  seconds: number,
): Promise<OpenLoadResult> {
  const result = await sendSteadily({ url, perSecond: SINGLES_PER_SECOND, seconds, texts, isCorrect: () => true });
  if (result.errors.length > 0) throw new Error(`${result.errors.length} requests failed: ${result.errors[0]}`);
  return result;
}

/** Returns a row of a Markdown table with percentiles of the latencies; `shares` are from 0 to 1. */
export function latencyRow(title: string, result: OpenLoadResult, shares: readonly number[]): string {
  return `| ${[title, ...shares.map((share) => `${percentile(result, share).toFixed(1)} ms`)].join(' | ')} |`;
}

/** Returns a percentile of the latencies in milliseconds; `share` is from 0 to 1. */
export function percentile({ milliseconds }: Pick<OpenLoadResult, 'milliseconds'>, share: number): number {
  return milliseconds[Math.min(milliseconds.length - 1, Math.floor(milliseconds.length * share))] ?? Number.NaN;
}

function predict(url: string, agent: Agent, body: { text: string; model: string | undefined }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const outgoing = request(`${url}/predict`, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      response.on('end', () => {
        const answer = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(JSON.parse(answer) as Answer);
        else reject(new Error(`${response.statusCode}: ${answer}`));
      });
    });
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify(body));
  });
}
