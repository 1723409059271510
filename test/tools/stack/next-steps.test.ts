import { expect, test } from 'vitest';
import { urlsOf } from '../../../tools/stack/components.ts';
import { banner, nextSteps } from '../../../tools/stack/next-steps.ts';
import { wellKnownPorts } from '../../../tools/stack/ports.ts';

const urls = urlsOf(wellKnownPorts);

test('the banner has the address of every part, and the next steps as commands to copy', () => {
  const text = banner(urls, '/data');
  const { collectorMetrics: _, ...shown } = urls;
  for (const url of Object.values(shown)) expect(text).toContain(url);
  for (const command of Object.values(nextSteps(urls))) expect(text).toContain(`\n  ${command}\n`);
  expect(text.trimEnd().split('\n').at(-1)).toBe('Ctrl-C stops everything.');
});

test('the next steps lead to the trace of the prediction in the console', () => {
  expect(nextSteps(urls).predict).toContain('its trace: http://127.0.0.1:3000/#/trace?id=%header{x-trace-id}');
});
