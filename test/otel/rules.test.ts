import { describe, expect, test } from 'vitest';
import { installedPromtool } from '../../tools/stack/install.ts';
import { promtool } from './promtool.ts';

const program = await installedPromtool();
if (program === undefined) process.stdout.write('The rules are not tested: there is no promtool on this machine.\n');

describe.skipIf(program === undefined)('the rules of Prometheus', () => {
  test('can be loaded', async () => {
    expect(await promtool(program!, ['check', 'rules'], 'rules')).toContain('SUCCESS');
  });

  test('give what their own tests expect', async () => {
    expect(await promtool(program!, ['test', 'rules'], 'tests')).toContain('SUCCESS');
  }, 120_000);
});
