import { expect, test } from 'vitest';
import { compositions, normalTable, rawTable, unpack } from '../../src/classifier/text/characters.ts';
import { CONFUSABLE_LETTERS } from '../../src/classifier/text/unicode-data.ts';
import { computeCharacterTables, packCharacterTables } from '../../tools/character-tables.ts';
import { confusableLetters } from '../../tools/confusable-letters.ts';

test('the table of confusable letters is current: npm run docs', () => {
  expect(CONFUSABLE_LETTERS).toEqual(confusableLetters());
});

test('the tables of characters are those of the Unicode that Node has: npm run docs', () => {
  const computed = computeCharacterTables();
  // Compared as a whole: a list of 65,536 differences helps nobody.
  for (const [read, expected] of [
    [rawTable, computed.raw],
    [normalTable, computed.normal],
  ] as const) {
    expect(Buffer.compare(Buffer.from(read.buffer), Buffer.from(expected.buffer))).toBe(0);
  }
  expect(unpack(packCharacterTables(computed)).compositions).toEqual(compositions);
});
