import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { prometheusName } from '../../src/telemetry/metrics/prometheus-names.ts';
import { attributes } from '../../src/telemetry/registry/attributes.ts';
import { failureLogRecords, logRecords } from '../../src/telemetry/registry/log-records.ts';
import { SPAN_DEFINITIONS } from '../../src/telemetry/registry/spans.ts';
import { telemetryDocument } from '../../tools/telemetry-document.ts';

test('docs/telemetry.md is current: npm run docs', async () => {
  expect(await readFile('docs/telemetry.md', 'utf8')).toBe(telemetryDocument());
});

test('every attribute of a span or a log record is described', () => {
  const used = [
    ...SPAN_DEFINITIONS.map((span) => span.attributes),
    ...Object.values(logRecords),
    ...Object.values(failureLogRecords),
  ].flat();
  expect(used.filter((name) => !attributes.has(name))).toEqual([]);
});

test.each([
  ['counter', 'work.time', 's', 'work_time_seconds_total'],
  ['histogram', 'took', 's', 'took_seconds'],
  ['histogram', 'share', '1', 'share'],
  ['gauge', 'full', '1', 'full_ratio'],
  ['gauge', 'size_bytes', 'By', 'size_bytes'],
  ['up-down counter', 'busy', '{request}', 'busy'],
] as const)('a %s %s in %s is %s to Prometheus', (type, name, unit, expected) => {
  expect(prometheusName({ type, name, unit })).toBe(expected);
});
