import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { shortenRouting, shortenRules } from '../../../tools/stack/shorten.ts';

const OTEL_FOLDER = join(import.meta.dirname, '../../../otel');

test('windows, offsets, waiting times and intervals become a sixtieth, but stay long enough for a rate', () => {
  const rules = `
    interval: 1m
      - alert: A
        expr: rate(x[1h] offset 5m) > 60 and y{window="1h"} offset 1d > increase(z[1m])
        for: 10m
        annotations: { description: within 10m }`;
  expect(shortenRules(rules)).toBe(`
    interval: 1s
      - alert: A
        expr: rate(x[60s] offset 5s) > 60 and y{window="1h"} offset 1440s > increase(z[5s])
        for: 10s
        annotations: { description: within 10m }`);
});

test.each(readdirSync(join(OTEL_FOLDER, 'prometheus/rules')))('the shortened %s has no long window', (file) => {
  const shortened = shortenRules(readFileSync(join(OTEL_FOLDER, 'prometheus/rules', file), 'utf8'));
  expect(shortened).not.toMatch(/\[\d+[mhd]\]|offset \d+[mhd]|(?:for|interval): \d+[mhd]/);
});

test('the shortened routing waits one second to group alerts', () => {
  const shortened = shortenRouting(readFileSync(join(OTEL_FOLDER, 'alertmanager/alertmanager.yml'), 'utf8'));
  expect(shortened).toContain('group_wait: 1s');
  expect(shortened).not.toMatch(/group_(wait|interval): \d+m/);
});
