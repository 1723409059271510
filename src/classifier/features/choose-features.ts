import { CharacterClass, characterClassOf, characters } from '../text/characters.ts';
import type { FeatureOptions, TokenizerName } from '../text/text-options.ts';

/** Scripts written without spaces whose single letters are no words: only a dictionary finds the words. */
const unspaced = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** From this share of a script's letters on, the data count as written in it. */
const decisive = 0.3;

/**
 * Bytes of data from which on words must do. A character of text makes one and a half entries in the matrix with character
 * n-grams, a quarter without: beyond this, memory would not stay below 2 GB, and so many examples teach enough words.
 */
const mostBytesWithCharacters = 64_000_000;

/** What a sample of the data is written in. */
type Script = 'spaced' | 'ideographs' | 'unspaced';

function scriptOf(texts: Iterable<string>): Script {
  let letters = 0;
  let ideographs = 0;
  let unspacedLetters = 0;
  for (const text of texts) {
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      const unitClass = characterClassOf(characters[unit]!);
      if (unitClass === CharacterClass.ideograph) ideographs += 1;
      else if (unitClass !== CharacterClass.word) continue;
      // The four scripts lie between Devanagari and Hangul; below that, no letter is worth a regular expression.
      else if (unit >= 0x0e00 && unit < 0x1800 && unspaced.test(text[at]!)) unspacedLetters += 1;
      letters += 1;
    }
  }
  if (unspacedLetters > decisive * letters) return 'unspaced';
  return ideographs > decisive * letters ? 'ideographs' : 'spaced';
}

/**
 * The features for data like the sample. Words and pairs of words with the character n-grams inside them, which see
 * through spelling and inflection; for ideographs, characters and pairs of them alone.
 *
 * @param dataBytes size of all the data, where it is known
 */
export function chooseFeatures(
  texts: Iterable<string>,
  tokenizer: TokenizerName | 'auto',
  dataBytes = 0,
): FeatureOptions {
  const script = scriptOf(texts);
  const automatic = script === 'unspaced' ? 'segmenter' : 'unicode';
  const chosen = tokenizer === 'auto' ? automatic : tokenizer;
  const isLarge = dataBytes > mostBytesWithCharacters;
  const alone = isLarge || chosen === 'characters' || (script === 'ideographs' && chosen === 'unicode');
  return {
    tokenizer: chosen,
    stem: chosen !== 'characters',
    wordNgrams: chosen === 'characters' ? 3 : 2,
    characterNgrams: alone ? [0, 0] : [2, 4],
  };
}
