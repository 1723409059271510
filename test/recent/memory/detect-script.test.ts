import { expect, test } from 'vitest';
import { detectScript } from '../../../src/recent/memory/detect-script.ts';
import { SCRIPTS } from '../../../src/recent/memory/row-columns.ts';

test.each([
  ['A mail of mine', 'latin'],
  ['Привет, как дела? spam', 'cyrillic'],
  ['Καλημέρα', 'greek'],
  ['مرحبا بالعالم', 'arabic'],
  ['שלום', 'hebrew'],
  ['नमस्ते', 'devanagari'],
  ['สวัสดี', 'thai'],
  ['你好世界', 'han'],
  ['こんにちは', 'kana'],
  ['안녕하세요', 'hangul'],
  ['12345 !?', null],
  ['', null],
])('the script of %s is %s', (text, script) => {
  expect(SCRIPTS[detectScript(text)]).toBe(script);
});
