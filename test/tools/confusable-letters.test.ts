import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { confusableLettersSource } from '../../tools/confusable-letters.ts';

test('the table of confusable letters is current: npm run docs', async () => {
  expect(await readFile('src/classifier/text/confusable-letters.ts', 'utf8')).toBe(confusableLettersSource());
});
