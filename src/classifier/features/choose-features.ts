import { CharacterClass, characterClassOf, settledTable } from '../text/characters.ts';
import type { FeatureOptions, TokenizerName } from '../text/text-options.ts';

/** Letters of scripts without spaces where one letter is not a word: only a dictionary finds the words. */
const UNSPACED_LETTER = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** The share of letters above which the data count as written in a script. */
const MIN_SCRIPT_SHARE = 0.3;

/**
 * The maximum size of data, in bytes, for which character n-grams are used. A character of text makes 1.5 entries of
 * the matrix with character n-grams, and 0.25 without. Larger data would need more than 2 GB of memory, and they have
 * enough examples of each word.
 */
const MAX_BYTES_WITH_CHARACTER_NGRAMS = 64_000_000;

type Script = 'spaced' | 'ideographs' | 'unspaced';

function detectScript(texts: Iterable<string>): Script {
  let letters = 0;
  let ideographs = 0;
  let unspacedLetters = 0;
  for (const text of texts) {
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      const unitClass = characterClassOf(settledTable[unit]!);
      if (unitClass === CharacterClass.ideograph) ideographs += 1;
      else if (unitClass !== CharacterClass.word) continue;
      // The four scripts lie between Devanagari and Hangul: other letters are not worth a regular expression.
      else if (unit >= 0x0e00 && unit < 0x1800 && UNSPACED_LETTER.test(text[at]!)) unspacedLetters += 1;
      letters += 1;
    }
  }
  if (unspacedLetters > MIN_SCRIPT_SHARE * letters) return 'unspaced';
  return ideographs > MIN_SCRIPT_SHARE * letters ? 'ideographs' : 'spaced';
}

/**
 * Chooses the features for data like the sample. Usually these are words, pairs of words, and the character n-grams
 * inside words, which match other spellings and inflections of a word. For ideographs they are characters and pairs of
 * characters.
 *
 * @param dataBytes size of all the data in bytes; 0 if it is unknown
 */
export function chooseFeatures(
  texts: Iterable<string>,
  tokenizer: TokenizerName | 'auto',
  dataBytes = 0,
): FeatureOptions {
  const script = detectScript(texts);
  const automatic = script === 'unspaced' ? 'segmenter' : 'unicode';
  const chosen = tokenizer === 'auto' ? automatic : tokenizer;
  const isLarge = dataBytes > MAX_BYTES_WITH_CHARACTER_NGRAMS;
  const wordsOnly = isLarge || chosen === 'characters' || (script === 'ideographs' && chosen === 'unicode');
  return {
    tokenizer: chosen,
    normalisation: 'nfkc',
    stem: chosen !== 'characters',
    wordNgrams: chosen === 'characters' ? 3 : 2,
    characterNgrams: wordsOnly ? [0, 0] : [2, 4],
  };
}
