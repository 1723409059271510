import { expect, test } from 'vitest';
import { chooseFeatures } from '../../../src/classifier/features/choose-features.ts';

test.each([
  ['English', 'the quick brown fox', 'unicode', [2, 4]],
  ['Russian', 'съешь ещё этих мягких булок', 'unicode', [2, 4]],
  ['Chinese with a Latin name', '体验2D巅峰 倚天屠龙记十大创新概览', 'unicode', [0, 0]],
  ['Japanese', '東京の天気は晴れです', 'unicode', [0, 0]],
  ['Thai', 'ภาษาไทยง่ายมาก', 'segmenter', [2, 4]],
  ['English with a Chinese word', 'the word 天气 means weather and nothing else', 'unicode', [2, 4]],
  ['an empty text', '', 'unicode', [2, 4]],
])('auto chooses the features by the script: %s', (_, text, tokenizer, characterNgrams) => {
  expect(chooseFeatures([text], 'auto')).toMatchObject({ tokenizer, characterNgrams });
});

test('a tokeniser in the options is used for every script', () => {
  expect(chooseFeatures(['ภาษาไทย'], 'unicode').tokenizer).toBe('unicode');
  expect(chooseFeatures(['english'], 'characters')).toMatchObject({ tokenizer: 'characters', characterNgrams: [0, 0] });
});

test('very large data get no character n-grams, to limit memory', () => {
  expect(chooseFeatures(['english'], 'auto', 64_000_000).characterNgrams).toEqual([2, 4]);
  expect(chooseFeatures(['english'], 'auto', 64_000_001).characterNgrams).toEqual([0, 0]);
});
