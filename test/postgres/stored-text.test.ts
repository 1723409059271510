import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromStoredText, toStoredJson, toStoredText } from '../../src/postgres/stored-text.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\0', '\u0001', '0', '1', '\ud800') }),
);

test('any string is stored without NUL, and read as it was, except for half a surrogate pair', () => {
  fc.assert(
    fc.property(text, (given) => {
      const stored = toStoredText(given);
      expect(stored).not.toContain('\0');
      expect(fromStoredText(stored)).toBe(given.toWellFormed());
    }),
  );
});

test('different strings have different stored forms', () => {
  fc.assert(
    fc.property(
      text,
      text,
      (a, b) => (toStoredText(a) === toStoredText(b)) === (a.toWellFormed() === b.toWellFormed()),
    ),
  );
});

test('the JSON of rows has their strings in the stored form', () => {
  expect(JSON.parse(toStoredJson([{ text: 'a\0', count: 1, none: null }]))).toEqual([
    { text: 'a\u00010', count: 1, none: null },
  ]);
});
