import { expect, test } from 'vitest';
import { takeExcerpts as takeWeighted } from '../../../src/classifier/features/excerpts.ts';
import { createRandom } from '../../../src/classifier/learning/random.ts';

const document = `Subject of a mail\n${'Some sentence with several words. Another one follows it! '.repeat(20)}`;

const takeExcerpts = (text: string, random: () => number) => takeWeighted(text, random).map((excerpt) => excerpt.text);

const withoutDigits = (excerpt: string) =>
  excerpt
    .toLowerCase()
    .replace(/[013457]/g, (digit) => ({ 4: 'a', 3: 'e', 1: 'i', 0: 'o', 5: 's', 7: 't' })[digit] ?? digit);

test('some excerpts have digits for letters', () => {
  const random = createRandom(4);
  const excerpts = Array.from({ length: 50 }, () => takeExcerpts(document, random)).flat();
  const disguised = excerpts.filter((excerpt) => /[a-z]\d[a-z]/.test(excerpt));
  expect(disguised.length).toBeGreaterThan(0.2 * excerpts.length);
  expect(disguised.length).toBeLessThan(0.6 * excerpts.length);
});

test('an excerpt is the beginning of a document or of a line or sentence, and ends with a word', () => {
  const random = createRandom(1);
  const lengths: number[] = [];
  for (let round = 0; round < 200; round += 1) {
    for (const excerpt of takeExcerpts(document, random).map(withoutDigits)) {
      lengths.push(excerpt.length);
      expect(document.toLowerCase()).toContain(excerpt);
      // A beginning occurs more than once, as the sentences do.
      expect(
        document
          .toLowerCase()
          .split(excerpt)
          .slice(1)
          .some((rest) => /^(?:[\s.!]|$)/.test(rest)),
      ).toBe(true);
    }
  }
  expect(Math.min(...lengths)).toBeLessThan(20);
  expect(Math.max(...lengths)).toBeGreaterThan(100);
});

test('a short text has no excerpt that is most of it, and a blank one has none', () => {
  const random = createRandom(2);
  for (let round = 0; round < 50; round += 1) {
    expect(takeExcerpts('hello', random)).toEqual([]);
    expect(takeExcerpts(' \n ', random)).toEqual([]);
    for (const excerpt of takeExcerpts('one two three', random)) expect(excerpt.length).toBeLessThanOrEqual(9);
  }
});

test('a cut does not split a surrogate pair', () => {
  const random = createRandom(3);
  for (let round = 0; round < 50; round += 1) {
    for (const excerpt of takeExcerpts('😀'.repeat(300), random)) expect(excerpt.isWellFormed()).toBe(true);
  }
});
