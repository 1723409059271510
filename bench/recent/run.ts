import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ProcessHistory } from '../../src/recent/history/process-history.ts';
import { RequestTracker } from '../../src/recent/history/request-tracker.ts';
import { PredictionMemory } from '../../src/recent/memory/prediction-memory.ts';
import { RecentPredictions } from '../../src/recent/queries/recent-predictions.ts';
import { median } from '../harness/median.ts';
import { measureServing } from './serving.ts';

const REQUESTS = 50_000;
const TEXT = 'Congratulations, you won free money, click here to claim your prize now. '.repeat(14);

/** Measures the cost of the memory of predictions for each request, alone and while the service is used, and its size. */
export async function runRecentBenchmark(full: boolean): Promise<void> {
  const rounds = full ? 30 : 10;
  const before = memoryInUse();
  const recent = createMemory();
  const requests = Array.from({ length: 1_000 }, () => {
    const traceId = randomBytes(16).toString('hex');
    const spanId = randomBytes(8).toString('hex');
    const id = Buffer.alloc(84, 1);
    id.write(traceId, 1, 'hex');
    id.write(spanId, 17, 'hex');
    return { traceId, spanId, id };
  });
  const microseconds: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const started = process.cpuUsage();
    for (let at = 0; at < REQUESTS; at += 1) remember(recent, requests[at % requests.length]!, round * REQUESTS + at);
    microseconds.push(cpuMicroseconds(started) / REQUESTS);
  }
  const megabytes = (memoryInUse() - before) / 1e6;
  const asked = process.cpuUsage();
  const { answers } = await recent.ask({ kind: 'rows', filters: { filters: {} }, limit: 10_000 });
  const listMs = cpuMicroseconds(asked) / 1_000;
  process.stdout.write(
    [
      '### The memory of predictions',
      '',
      `| CPU time of a request: median of ${rounds} rounds of ${REQUESTS} | slowest round | memory, full | 10,000 rows as JSON |`,
      '| ---: | ---: | ---: | ---: |',
      `| ${median(microseconds).toFixed(2)} µs | ${Math.max(...microseconds).toFixed(2)} µs | ${megabytes.toFixed(1)} MB | ${listMs.toFixed(0)} ms for ${answers[0]!.rows.length} |`,
      '',
      await measureServing(full),
    ].join('\n'),
  );
}

/** Returns the CPU time of this process since a reading. Other processes of the machine do not change it. */
function cpuMicroseconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}

function createMemory(): RecentPredictions {
  const memory = new PredictionMemory({ since: Date.now(), worker: 1, captureText: false });
  const history = new ProcessHistory();
  const tracker = new RequestTracker(memory, history);
  return new RecentPredictions({ memory, history, tracker, others: undefined, nextTurn: () => nextTurn() });
}

/** Does for one request what the service does. Every 50th is failed, anomalous or wrong. */
function remember(
  { tracker, memory }: RecentPredictions,
  { traceId, spanId, id }: { traceId: string; spanId: string; id: Buffer },
  at: number,
): void {
  const request = tracker.start('POST', '/predict', traceId, spanId, at);
  if (!request) throw new Error('The request is not followed.');
  memory.add(
    request,
    {
      reference: at % 10 === 0 ? 'spam@2' : 'spam@1',
      role: 'active',
      label: at % 2 === 0 ? 'spam' : 'ham',
      confidence: 0.99,
      text: TEXT,
      tokens: 180,
      unknownRatio: 0.1,
      started: at + 0.1,
      tokenized: at + 0.15,
      scored: at + 0.2,
      id,
      anomalies: at % 50 === 0 ? ['length'] : [],
      review: false,
      abstained: false,
      synthetic: false,
      index: 0,
    },
    0,
  );
  tracker.end(request, at % 50 === 1 ? 500 : 200, at + 0.3 + (at % 1_000) / 1_000, 0);
  if (at % 50 === 2) memory.recordFeedback(spanId, { label: 'ham', source: 'truth' });
}

function memoryInUse(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
