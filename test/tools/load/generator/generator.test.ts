import { expect, onTestFinished, test } from 'vitest';
import { openConnection } from '../../../../tools/load/generator/connection.ts';
import { createGenerator, type Generator } from '../../../../tools/load/generator/generator.ts';
import { createLatencies } from '../../../../tools/load/generator/latencies.ts';
import type { LoadLevel, Outcome } from '../../../../tools/load/generator/outcome.ts';
import { createPacer } from '../../../../tools/load/generator/pacer.ts';
import { requestTarget } from '../../../../tools/load/generator/request.ts';
import { createSender } from '../../../../tools/load/generator/sender.ts';
import type { WindowCounts } from '../../../../tools/load/generator/sender-thread.ts';
import { readTexts, type TextToSend } from '../../../../tools/load/generator/texts.ts';
import { freePort } from '../../../support/service-process.ts';
import { type FaultyServer, stallEverySecond, startFaultyServer } from '../faulty-server.ts';

interface Options {
  readonly loadLevel: LoadLevel;
  readonly durationMs: number;
  readonly timeoutMs?: number;
  readonly maxConnections?: number;
}

async function run({ url }: Pick<FaultyServer, 'url'>, options: Options): Promise<Outcome[]> {
  const { requests } = await readTexts(undefined, undefined);
  const target = requestTarget({ target: new URL(url), token: undefined, synthetic: false });
  const { timeoutMs = 5_000, maxConnections = 100 } = options;
  const pacer = createPacer();
  const outcomes: Outcome[] = [];
  const sender = createSender({
    pacer,
    bodies: requests.map(({ body }) => Buffer.from(body)),
    timeoutMs,
    maxConnections,
    open: (events) => openConnection(target, timeoutMs, events),
    onOutcome: (outcome) => void outcomes.push(outcome),
  });
  onTestFinished(async () => {
    sender.close();
    await pacer.close();
  });
  await sender.run(options.loadLevel, options.durationMs, new AbortController().signal);
  return outcomes;
}

async function startGenerator({ url }: FaultyServer, text: TextToSend): Promise<Generator> {
  const generator = await createGenerator({
    ...requestTarget({ target: new URL(url), token: undefined, synthetic: false }),
    timeoutMs: 5_000,
    maxConnections: 100,
    texts: [text],
  });
  onTestFinished(generator.close);
  return generator;
}

const lost = (outcomes: readonly Outcome[]) =>
  outcomes.flatMap(({ answer }) => ('lost' in answer ? [answer.lost] : []));

function p99(outcomes: readonly Outcome[], from: 'due' | 'sent'): number {
  const latencies = createLatencies();
  for (const outcome of outcomes) latencies.add(outcome.done - outcome[from]!);
  return latencies.percentiles()!.p99;
}

test('an open loop sends all requests of its rate, and the texts in order', async () => {
  const server = await startFaultyServer();
  const outcomes = await run(server, { loadLevel: { rate: 100 }, durationMs: 500 });
  expect(outcomes).toHaveLength(50);
  expect(lost(outcomes)).toEqual([]);
  expect(server.requests()).toBe(50);
  expect(new Set(outcomes.map(({ text }) => text)).size).toBe(20);
  const due = outcomes.map((outcome) => outcome.due).toSorted((a, b) => a - b);
  for (const [number, time] of due.entries()) expect(time).toBeCloseTo(number * 10, 6);
  for (const { due, noticed, sent, done } of outcomes) {
    expect([due, noticed!, sent!, done]).toEqual([due, noticed!, sent!, done].toSorted((a, b) => a - b));
  }
});

test('a stall is visible in the latency from the due time, even with a single connection', async () => {
  const server = await startFaultyServer({ delay: stallEverySecond });
  const outcomes = await run(server, { loadLevel: { rate: 100 }, durationMs: 2_000, maxConnections: 1 });
  expect(outcomes).toHaveLength(200);
  expect(p99(outcomes, 'due')).toBeGreaterThan(200);
  // Only the requests in flight at the start of two or three stalls are slow; the others waited in the queue, unsent.
  expect(outcomes.filter(({ done, sent }) => done - sent! > 200).length).toBeLessThan(10);
});

test('a closed loop keeps exactly as many requests in flight as it has connections', async () => {
  let inFlight = 0;
  let maxInFlight = 0;
  const server = await startFaultyServer({
    delay: () => {
      inFlight += 1;
      maxInFlight = Math.max(maxInFlight, inFlight);
      return 5;
    },
    label: () => {
      inFlight -= 1;
      return 'ham';
    },
  });
  const outcomes = await run(server, { loadLevel: { connections: 3 }, durationMs: 300 });
  expect(outcomes.length).toBeGreaterThan(3);
  expect(lost(outcomes)).toEqual([]);
  expect(maxInFlight).toBe(3);
});

test('a connection that ends during a request is a failed request; the next requests use a new connection', async () => {
  const server = await startFaultyServer({ hangUp: (number) => number % 10 === 0 });
  const outcomes = await run(server, { loadLevel: { rate: 100 }, durationMs: 500 });
  expect(outcomes).toHaveLength(50);
  const reasons = lost(outcomes);
  expect(reasons).toHaveLength(5);
  for (const reason of reasons) expect(reason).toMatch(/^(closed|ECONNRESET)$/);
});

test('a request above the timeout fails', async () => {
  const server = await startFaultyServer({ delay: () => 60_000 });
  const outcomes = await run(server, { loadLevel: { rate: 20 }, durationMs: 300, timeoutMs: 200 });
  expect(lost(outcomes)).toEqual(new Array(6).fill('timeout'));
});

test('without a server, every request fails with the reason', async () => {
  const absent = { url: `http://127.0.0.1:${await freePort()}` };
  const open = await run(absent, { loadLevel: { rate: 20 }, durationMs: 300, timeoutMs: 200 });
  expect(lost(open)).toEqual(new Array(6).fill('ECONNREFUSED'));
  const closed = await run(absent, { loadLevel: { connections: 2 }, durationMs: 300, timeoutMs: 200 });
  expect(new Set(lost(closed))).toEqual(new Set(['ECONNREFUSED']));
});

test('a generator counts answers and failures, also in windows, and checks the labels over all of its runs', async () => {
  const server = await startFaultyServer({
    hangUp: (number) => number === 3,
    label: (_, number) => (number === 7 ? 'wrong' : 'ham'),
  });
  const generator = await startGenerator(server, { body: '{"text":"one"}', label: 'ham', line: 4 });
  const { signal } = new AbortController();
  const windows: WindowCounts[] = [];
  await generator.run({ rate: 100 }, 50, signal);
  const { counts, answers } = await generator.run({ rate: 100 }, 300, signal, {
    windowMs: 100,
    onWindow: (window) => void windows.push(window),
  });
  expect(counts).toMatchObject({ answered: 30, failed: 0 });
  expect(counts.latency!.count).toBe(30);
  expect(windows.length).toBeGreaterThan(1);
  expect(windows.reduce((sum, { answered }) => sum + answered, 0)).toBeLessThanOrEqual(30);
  expect(answers.accuracy).toMatchObject({ labelled: 34, correct: 33, changed: 1 });
  expect(answers.accuracy.mismatches).toEqual([{ line: 4, expected: 'ham', got: 'wrong', times: 1 }]);
});

test('a stopped run counts over the time until the stop', async () => {
  const server = await startFaultyServer();
  const generator = await startGenerator(server, { body: '{"text":"one"}', line: 1 });
  const { counts } = await generator.run({ rate: 100 }, 60_000, AbortSignal.timeout(300));
  expect(counts.seconds).toBeLessThan(20);
  expect(counts.answered).toBeGreaterThan(0);
});
