import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { OTLPExporterError } from '@opentelemetry/otlp-exporter-base';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Exporter, RetryingExporter } from '../../../src/telemetry/sdk/retrying-exporter.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const taken: ExportResult = { code: ExportResultCode.SUCCESS };
const failed = (error: Error): ExportResult => ({ code: ExportResultCode.FAILED, error });
const refusedConnection = failed(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
const status = (code: number) => failed(new OTLPExporterError('refused', code));

/** An exporter that answers as told, and then takes everything. */
function receiver(...answers: ExportResult[]): Exporter<string> & { tried: string[][]; busiest: number } {
  let busy = 0;
  return {
    tried: [],
    busiest: 0,
    export(items, resultCallback) {
      this.tried.push(items);
      this.busiest = Math.max(this.busiest, ++busy);
      queueMicrotask(() => {
        busy--;
        resultCallback(answers.shift() ?? taken);
      });
    },
    async shutdown() {},
  };
}

function exportTo(inner: Exporter<string>, limit = 3_600_000) {
  const exporter = new RetryingExporter(inner, 'things', limit);
  return (...items: string[]) => new Promise<ExportResult>((resolve) => exporter.export(items, resolve));
}

test('what is taken at once is handed over once', async () => {
  const inner = receiver();
  expect(await exportTo(inner)('a')).toEqual(taken);
  expect(inner.tried).toEqual([['a']]);
});

test.each([
  ['no connection', refusedConnection],
  ['503', status(503)],
  ['429', status(429)],
  ['a time-out', failed(new Error('Request timed out'))],
])('after %s the same batch is sent again, however often it takes', async (_, failure) => {
  const inner = receiver(...Array<ExportResult>(50).fill(failure));
  const result = exportTo(inner)('a');
  await vi.advanceTimersByTimeAsync(600_000);
  expect(await result).toEqual(taken);
  expect(inner.tried).toHaveLength(51);
  expect(new Set(inner.tried.flat())).toEqual(new Set(['a']));
});

test.each([400, 413])('a batch that was answered with %d is given up: it would be again', async (code) => {
  const inner = receiver(status(code));
  expect(await exportTo(inner)('a')).toEqual(status(code));
  expect(inner.tried).toHaveLength(1);
});

test('it gives up when the processor has', async () => {
  const inner = receiver(...Array<ExportResult>(50).fill(refusedConnection));
  const result = exportTo(inner, 2_000)('a');
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await result).toEqual(refusedConnection);
});

test('batches go one at a time and in their order, though a processor that ends hands over all at once', async () => {
  const inner = receiver(refusedConnection);
  const send = exportTo(inner);
  const results = Promise.all([send('a'), send('b'), send('c')]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await results).toEqual([taken, taken, taken]);
  expect(inner.tried.flat()).toEqual(['a', 'a', 'b', 'c']);
  expect(inner.busiest).toBe(1);
});
