import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Problem } from '../../../src/platform/problems.ts';
import { type EngineLimits, startEngine } from '../../../src/runtimes/onnx/engine.ts';
import type { EncoderThreadData } from '../../../src/runtimes/onnx/messages.ts';
import type { EncodedBatch, EncoderThread } from '../../../src/runtimes/onnx/thread-handle.ts';

/**
 * A thread that answers when the test says so: a real one needs ONNX Runtime, and decides itself how long it takes. The real
 * one is tested in `encoder.stress.test.ts`.
 */
function createThreads() {
  const batches: { texts: readonly string[]; finish: () => void; fail: (error: Error) => void }[] = [];
  const threads: EncoderThread[] = [];
  const start = async () => {
    let isAlive = true;
    let isBusy = false;
    const thread: EncoderThread = {
      dimensions: 1,
      get isAlive() {
        return isAlive;
      },
      get isBusy() {
        return isBusy;
      },
      encode(texts) {
        isBusy = true;
        return new Promise<EncodedBatch>((resolve, reject) => {
          const time = performance.timeOrigin + performance.now();
          const times = { tokens: 1, unknownTokens: 0, tokenizeStarted: time, tokenized: time, encoded: time };
          const settle = (use: () => void) => {
            isBusy = false;
            use();
          };
          batches.push({
            texts,
            finish: () =>
              settle(() =>
                resolve({
                  outputs: Float32Array.from(texts, (text) => text.length),
                  texts: texts.map(() => ({ ...times, batchSize: texts.length })),
                }),
              ),
            fail: (error) => {
              isAlive = false;
              settle(() => reject(error));
            },
          });
        });
      },
      end() {
        isAlive = false;
        return Promise.resolve();
      },
    };
    threads.push(thread);
    return thread;
  };
  return { start, batches, threads };
}

const data = {} as EncoderThreadData;
const limits: EngineLimits = { threads: 1, maxWaiting: 4, timeoutMs: 60_000 };
const queue = 'spam';

test('texts of one round of the event loop are encoded together, and each gets its own output', async () => {
  const { start, batches } = createThreads();
  const engine = await startEngine(data, limits, start);
  const answers = ['a', 'bb', 'ccc'].map((text) => engine.encode(text, { queue }));
  await nextTurn();
  batches[0]!.finish();
  const encoded = await Promise.all(answers);
  expect(batches).toHaveLength(1);
  expect(encoded.map(({ output, batchSize }) => [output[0], batchSize])).toEqual([
    [1, 3],
    [2, 3],
    [3, 3],
  ]);
  expect(encoded[0]!.waitedSeconds).toBeGreaterThanOrEqual(0);
});

test('each text of a batch is answered in a turn of its own, so that other requests come between', async () => {
  const { start, batches } = createThreads();
  const engine = await startEngine(data, limits, start);
  let turn = 0;
  const answeredAt = ['a', 'b', 'c'].map((text) => engine.encode(text, { queue }).then(() => turn));
  await nextTurn();
  batches[0]!.finish();
  for (; turn < 5; turn += 1) await nextTurn();
  expect(new Set(await Promise.all(answeredAt)).size).toBe(3);
});

test('texts that arrive while the thread is busy are the next batch', async () => {
  const { start, batches } = createThreads();
  const engine = await startEngine(data, limits, start);
  const first = engine.encode('a', { queue });
  await nextTurn();
  const others = ['b', 'c'].map((text) => engine.encode(text, { queue }));
  await nextTurn();
  expect(batches).toHaveLength(1);
  batches[0]!.finish();
  await first;
  await nextTurn();
  batches[1]!.finish();
  await Promise.all(others);
  expect(batches[1]!.texts).toEqual(['b', 'c']);
});

test('a further thread starts when texts wait', async () => {
  const { start, batches, threads } = createThreads();
  const engine = await startEngine(data, { ...limits, threads: 2 }, start);
  const answers = [engine.encode('a', { queue })];
  await nextTurn();
  answers.push(engine.encode('b', { queue }));
  for (let round = 0; round < 4; round += 1) await nextTurn();
  expect(threads).toHaveLength(2);
  for (const batch of batches) batch.finish();
  await Promise.all(answers);
});

test('a text beyond the limit is refused with 503 and a time to retry', async () => {
  const { start, batches } = createThreads();
  const engine = await startEngine(data, { ...limits, maxWaiting: 1 }, start);
  const first = engine.encode('a', { queue });
  await nextTurn();
  const second = engine.encode('b', { queue });
  const error = await engine.encode('c', { queue }).catch((refusal: unknown) => refusal);
  expect(error).toBeInstanceOf(Problem);
  expect(error).toMatchObject({ type: 'overloaded', status: 503, headers: { 'retry-after': '1' } });
  batches[0]!.finish();
  await first;
  await nextTurn();
  batches[1]!.finish();
  await second;
});

test('a text that is not encoded in time is refused, and a late output does no harm', async () => {
  const { start, batches } = createThreads();
  const engine = await startEngine(data, { ...limits, timeoutMs: 1 }, start);
  const error = await engine.encode('a', { queue }).catch((refusal: unknown) => refusal);
  expect(error).toMatchObject({ type: 'overloaded', message: expect.stringContaining('within 1 ms') });
  batches[0]?.finish();
  await nextTurn();
});

test('a text whose client has left gives up its place', async () => {
  const { start, batches } = createThreads();
  const engine = await startEngine(data, { ...limits, maxWaiting: 1 }, start);
  const first = engine.encode('a', { queue });
  await nextTurn();
  const controller = new AbortController();
  const left = engine.encode('b', { queue, signal: controller.signal }).catch((reason: unknown) => reason);
  const gone = new Error('gone');
  controller.abort(gone);
  expect(await left).toBe(gone);
  const next = engine.encode('c', { queue });
  batches[0]!.finish();
  await first;
  await nextTurn();
  batches[1]!.finish();
  await next;
  expect(batches[1]!.texts).toEqual(['c']);
  await expect(engine.encode('d', { queue, signal: controller.signal })).rejects.toBe(gone);
});

test('the texts of a thread that ends fail, and another thread takes its place', async () => {
  const { start, batches, threads } = createThreads();
  const engine = await startEngine(data, limits, start);
  const lost = engine.encode('a', { queue }).catch((error: Error) => error.message);
  await nextTurn();
  batches[0]!.fail(new Error('the thread of the encoder ended'));
  expect(await lost).toBe('the thread of the encoder ended');
  const next = engine.encode('b', { queue });
  for (let round = 0; round < 4; round += 1) await nextTurn();
  batches[1]!.finish();
  await next;
  expect(threads).toHaveLength(2);
});

test('the texts without an output in the answer of a thread fail', async () => {
  const { start } = createThreads();
  const startIncomplete = async () => ({
    ...(await start()),
    encode: async () => ({ outputs: new Float32Array(0), texts: [] }),
  });
  const engine = await startEngine(data, limits, startIncomplete);
  const failed = ['a', 'b'].map((text) => engine.encode(text, { queue }).catch((error: unknown) => error));
  for (const error of await Promise.all(failed)) expect(error).toBeInstanceOf(Error);
});

test('an engine without versions ends its threads after the last text, and starts again for a late one', async () => {
  const { start, batches, threads } = createThreads();
  const engine = await startEngine(data, limits, start);
  const last = engine.encode('a', { queue });
  engine.endWhenIdle();
  await nextTurn();
  expect(threads[0]!.isAlive).toBe(true);
  batches[0]!.finish();
  await last;
  await nextTurn();
  expect(threads[0]!.isAlive).toBe(false);
  const late = engine.encode('b', { queue });
  for (let round = 0; round < 4; round += 1) await nextTurn();
  batches[1]!.finish();
  await late;
  await nextTurn();
  expect(threads.map(({ isAlive }) => isAlive)).toEqual([false, false]);
});
