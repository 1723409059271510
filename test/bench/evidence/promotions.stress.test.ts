import { describe, expect, test } from 'vitest';
import { mechanisms, promotedShare } from '../../../bench/evidence/label-mechanisms.ts';

/** `npm run bench -- evidence --full` simulates 500 candidates each. With 5 % false promotions, 3 of 8 are 1 in 170. */
const RUNS = 8;
const MAX_FALSE = 2 / RUNS;

describe.each(mechanisms)('where $name', { timeout: 300_000 }, (mechanism) => {
  test('candidates that are no better are not promoted more often than the policy allows', async () => {
    expect(await promotedShare(mechanism, 'equal', RUNS)).toBeLessThanOrEqual(MAX_FALSE);
    expect(await promotedShare(mechanism, 'worse', RUNS)).toBeLessThanOrEqual(MAX_FALSE);
  });

  test(`a candidate that is better by 2 points is ${mechanism.canShow ? 'found' : 'not promoted: nothing can show it'}`, async () => {
    const share = await promotedShare(mechanism, 'better', RUNS);
    if (mechanism.canShow) expect(share).toBeGreaterThanOrEqual(0.6);
    else expect(share).toBe(0);
  });
});
