import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { OTLPExporterError } from '@opentelemetry/otlp-exporter-base';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Exporter, RetryingExporter } from '../../../src/telemetry/sdk/retrying-exporter.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const accepted: ExportResult = { code: ExportResultCode.SUCCESS };
const failed = (error: Error): ExportResult => ({ code: ExportResultCode.FAILED, error });
const refusedConnection = failed(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
const status = (code: number) => failed(new OTLPExporterError('refused', code));

/** Creates an exporter with the given results. After these it accepts everything. */
function createReceiver(...results: ExportResult[]): Exporter<string> & { batches: string[][]; maxConcurrent: number } {
  let running = 0;
  return {
    batches: [],
    maxConcurrent: 0,
    export(items, resultCallback) {
      this.batches.push(items);
      this.maxConcurrent = Math.max(this.maxConcurrent, ++running);
      queueMicrotask(() => {
        running--;
        resultCallback(results.shift() ?? accepted);
      });
    },
    async shutdown() {},
  };
}

function exportTo(inner: Exporter<string>, limit = 3_600_000) {
  const exporter = new RetryingExporter(inner, 'things', limit);
  return (...items: string[]) => new Promise<ExportResult>((resolve) => exporter.export(items, resolve));
}

test('an accepted batch is sent once', async () => {
  const inner = createReceiver();
  expect(await exportTo(inner)('a')).toEqual(accepted);
  expect(inner.batches).toEqual([['a']]);
});

test.each([
  ['no connection', refusedConnection],
  ['503', status(503)],
  ['429', status(429)],
  ['a time-out', failed(new Error('Request timed out'))],
])('after %s the same batch is sent again until it is accepted', async (_, failure) => {
  const inner = createReceiver(...Array<ExportResult>(50).fill(failure));
  const result = exportTo(inner)('a');
  await vi.advanceTimersByTimeAsync(600_000);
  expect(await result).toEqual(accepted);
  expect(inner.batches).toHaveLength(51);
  expect(new Set(inner.batches.flat())).toEqual(new Set(['a']));
});

test.each([400, 413])('a batch that was rejected with %d is not sent again', async (code) => {
  const inner = createReceiver(status(code));
  expect(await exportTo(inner)('a')).toEqual(status(code));
  expect(inner.batches).toHaveLength(1);
});

describe('a batch that the receiver refuses is halved until only the cause is lost', () => {
  const items = Array.from({ length: 100 }, (_, at) => `item ${at}`);

  /** Exports all items to a receiver that refuses batches with certain items. */
  async function exportTo(refuses: (batch: readonly string[]) => boolean, refuse: () => ExportResult) {
    const passed: string[] = [];
    let requests = 0;
    let lost = 0;
    const inner: Exporter<string> = {
      export(batch, resultCallback) {
        requests += 1;
        if (refuses(batch)) {
          resultCallback(refuse());
          return;
        }
        passed.push(...batch);
        resultCallback(accepted);
      },
      async shutdown() {},
    };
    const exporter = new RetryingExporter(inner, 'things', 3_600_000, (count) => {
      lost += count;
    });
    const result = await new Promise<ExportResult>((resolve) => exporter.export(items, resolve));
    const next = await new Promise<ExportResult>((resolve) => exporter.export(['next'], resolve));
    return { passed, requests, lost, result, next };
  }

  test.each([400, 413])('%d for one item', async (code) => {
    const { passed, lost, result } = await exportTo(
      (batch) => batch.includes('item 37'),
      () => status(code),
    );
    expect(passed).toEqual([...items.filter((item) => item !== 'item 37'), 'next']);
    expect({ lost, result }).toEqual({ lost: 1, result: accepted });
  });

  test('413 for more than 10 items: nothing is lost', async () => {
    const { passed, lost } = await exportTo(
      (batch) => batch.length > 10,
      () => status(413),
    );
    expect(passed).toEqual([...items, 'next']);
    expect(lost).toBe(0);
  });

  test('400 for everything: a few requests, all is lost, and the processor hears of it', async () => {
    const { passed, requests, lost, result } = await exportTo(
      () => true,
      () => status(400),
    );
    expect(passed).toEqual([]);
    expect(requests).toBeLessThan(100);
    expect(lost).toBe(items.length + 1);
    expect(result).toEqual(status(400));
  });

  test.each([401, 404])('%d is not about an item', async (code) => {
    const { requests, lost } = await exportTo(
      () => true,
      () => status(code),
    );
    expect({ requests, lost }).toEqual({ requests: 2, lost: items.length + 1 });
  });

  test('an exporter that throws at an item', async () => {
    const { passed, lost, next } = await exportTo(
      (batch) => batch.includes('item 99'),
      () => {
        throw new TypeError('cannot serialise');
      },
    );
    expect(passed).toEqual([...items.slice(0, -1), 'next']);
    expect({ lost, next }).toEqual({ lost: 1, next: accepted });
  });

  test('a processor that throws does not end the telemetry', async () => {
    const exporter = new RetryingExporter(createReceiver(), 'things', 1_000);
    exporter.export(['a'], () => {
      throw new Error('a defect');
    });
    expect(await new Promise<ExportResult>((resolve) => exporter.export(['b'], resolve))).toEqual(accepted);
  });
});

test('it gives up after the timeout of the processor', async () => {
  const inner = createReceiver(...Array<ExportResult>(50).fill(refusedConnection));
  const result = exportTo(inner, 2_000)('a');
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await result).toEqual(refusedConnection);
});

test('batches are sent one at a time and in their order, although a processor passes all of them at once at its end', async () => {
  const inner = createReceiver(refusedConnection);
  const send = exportTo(inner);
  const results = Promise.all([send('a'), send('b'), send('c')]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await results).toEqual([accepted, accepted, accepted]);
  expect(inner.batches.flat()).toEqual(['a', 'a', 'b', 'c']);
  expect(inner.maxConcurrent).toBe(1);
});
