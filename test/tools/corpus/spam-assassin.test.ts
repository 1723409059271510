import { expect, test } from 'vitest';
import { isHeldOut } from '../../../tools/corpus/spam-assassin.ts';

const texts = Array.from({ length: 5_000 }, (_, at) => `mail number ${at}`);

test('a fifth of the texts is held out, always the same', () => {
  const heldOut = texts.filter(isHeldOut);
  expect(heldOut.length / texts.length).toBeCloseTo(0.2, 1);
  expect(texts.filter(isHeldOut)).toEqual(heldOut);
});

test('copies that differ only in blanks, case or quoting are in the same part', () => {
  for (const text of texts.slice(0, 200)) {
    expect(isHeldOut(`> ${text.toUpperCase().replaceAll(' ', '\n> ')}`)).toBe(isHeldOut(text));
  }
});
