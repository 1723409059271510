import { expect, test } from 'vitest';
import { createLinearClassifier } from '../../../src/classifier/scoring/linear-classifier.ts';
import { trainSmall } from '../small-mails.ts';

const classifier = createLinearClassifier(trainSmall().model);

test('the time grows in proportion to the length, and not faster', () => {
  /** CPU time, because other processes take the core. It is counted in steps of some milliseconds. */
  const millisecondsOf = (text: string, runs: number) => {
    const before = process.threadCpuUsage();
    for (let run = 0; run < runs; run += 1) classifier.score(classifier.tokenize(text));
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1_000;
  };
  for (const unit of ['a', 'free money ', '体', '!', 'a-b']) {
    const [short, long] = [unit.repeat(20_000), unit.repeat(200_000)];
    for (const text of [short, long]) millisecondsOf(text, 3);
    // As many characters in both. Quadratic time would be ten times as long; the rest is for caches and steps of the clock.
    expect(millisecondsOf(long, 3), unit).toBeLessThan(4 * millisecondsOf(short, 30) + 20);
  }
});
