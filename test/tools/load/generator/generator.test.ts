import { expect, onTestFinished, test } from 'vitest';
import { createGenerator, type Outcome, type Pressure } from '../../../../tools/load/generator/generator.ts';
import { createLatencies } from '../../../../tools/load/generator/latencies.ts';
import { readTexts } from '../../../../tools/load/generator/texts.ts';
import { freePort } from '../../../support/service-process.ts';
import { type PlantedServer, plant, stallEachSecond } from '../planted-server.ts';

interface Options {
  readonly pressure: Pressure;
  readonly durationMs: number;
  readonly timeoutMs?: number;
  readonly mostConnections?: number;
}

async function run({ url }: Pick<PlantedServer, 'url'>, options: Options): Promise<Outcome[]> {
  const target = new URL(url);
  const texts = await readTexts(undefined, { target, model: undefined, token: undefined });
  const generator = createGenerator({
    target,
    timeoutMs: options.timeoutMs ?? 5_000,
    mostConnections: options.mostConnections ?? 100,
    texts: texts.count,
    requestOf: texts.requestOf,
  });
  onTestFinished(generator.close);
  const outcomes: Outcome[] = [];
  const listener = { onOutcome: (outcome: Outcome) => void outcomes.push(outcome), onLateness: () => {} };
  await generator.run(options.pressure, options.durationMs, listener, new AbortController().signal);
  return outcomes;
}

const lost = (outcomes: readonly Outcome[]) =>
  outcomes.flatMap(({ answer }) => ('lost' in answer ? [answer.lost] : []));

function p99(outcomes: readonly Outcome[], from: 'due' | 'sent'): number {
  const latencies = createLatencies();
  for (const outcome of outcomes) latencies.add(outcome.done - outcome[from]!);
  return latencies.percentiles()!.p99;
}

test('an open loop asks for every request of its rate, and each text in turn', async () => {
  const server = await plant();
  const outcomes = await run(server, { pressure: { rate: 100 }, durationMs: 500 });
  expect(outcomes).toHaveLength(50);
  expect(lost(outcomes)).toEqual([]);
  expect(server.requests()).toBe(50);
  expect(new Set(outcomes.map(({ text }) => text)).size).toBe(24);
});

test('a stall shows from when requests were due, even where one connection sends them all', async () => {
  const server = await plant({ hold: stallEachSecond });
  const outcomes = await run(server, { pressure: { rate: 100 }, durationMs: 2_000, mostConnections: 1 });
  expect(outcomes).toHaveLength(200);
  expect(p99(outcomes, 'due')).toBeGreaterThan(200);
  // Of 200 requests, those that were under way when one of two or three stalls began: the rest waited in line, unsent.
  expect(outcomes.filter(({ done, sent }) => done - sent! > 200).length).toBeLessThan(10);
});

test('a closed loop keeps so many requests under way, and no more', async () => {
  let underWay = 0;
  let most = 0;
  const server = await plant({
    hold: () => {
      underWay += 1;
      most = Math.max(most, underWay);
      return 5;
    },
    label: () => {
      underWay -= 1;
      return 'ham';
    },
  });
  const outcomes = await run(server, { pressure: { connections: 3 }, durationMs: 300 });
  expect(outcomes.length).toBeGreaterThan(3);
  expect(lost(outcomes)).toEqual([]);
  expect(most).toBe(3);
});

test('a connection that is lost under way is a failed request, and the next ones go on another', async () => {
  const server = await plant({ hangUp: (number) => number % 10 === 0 });
  const outcomes = await run(server, { pressure: { rate: 100 }, durationMs: 500 });
  expect(outcomes).toHaveLength(50);
  const reasons = lost(outcomes);
  expect(reasons).toHaveLength(5);
  for (const reason of reasons) expect(reason).toMatch(/^(closed|ECONNRESET)$/);
});

test('a request that takes too long has failed', async () => {
  const server = await plant({ hold: () => 60_000 });
  const outcomes = await run(server, { pressure: { rate: 20 }, durationMs: 300, timeoutMs: 200 });
  expect(lost(outcomes)).toEqual(new Array(6).fill('timeout'));
});

test('a server that is gone fails every request by its name', async () => {
  const gone = { url: `http://127.0.0.1:${await freePort()}` };
  const open = await run(gone, { pressure: { rate: 20 }, durationMs: 300, timeoutMs: 200 });
  expect(lost(open)).toEqual(new Array(6).fill('ECONNREFUSED'));
  const closed = await run(gone, { pressure: { connections: 2 }, durationMs: 300, timeoutMs: 200 });
  expect(new Set(lost(closed))).toEqual(new Set(['ECONNREFUSED']));
});
