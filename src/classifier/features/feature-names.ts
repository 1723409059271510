import { findHash, type HashIndex } from '../text/hash-index.ts';
import { hashString, joinHashes } from '../text/hashing.ts';
import { porterStem } from '../text/stemming.ts';
import type { FeatureOptions } from '../text/text-options.ts';
import { type TokenBuffer, TokenKind } from '../text/token-buffer.ts';

/** The maximum length of the text of a token in a name, in code units. */
const MAX_NAME_LENGTH = 1000;

/** Names of a text's features, by feature number. */
export interface FeatureNames {
  /** Word n-grams: the stems of the words, joined by blanks. */
  readonly words: ReadonlyMap<number, string>;
  /** Character n-grams in brackets. A blank stands for the edge of a word. */
  readonly characters: ReadonlyMap<number, string>;
}

/**
 * Returns the names of a text's features. The model holds only hashes, so this function goes through the tokens again,
 * with strings. Only an explanation needs names, so its speed does not matter.
 */
export function nameFeatures(
  options: FeatureOptions,
  tokens: TokenBuffer,
  wordIndex: HashIndex,
  characterIndex: HashIndex,
): FeatureNames {
  const words = new Map<number, string>();
  const characters = new Map<number, string>();
  const addName = (names: Map<number, string>, index: HashIndex, hash: number, name: string) => {
    const feature = findHash(index, hash);
    // An n-gram can begin or end between the halves of a surrogate pair.
    if (feature >= 0 && !names.has(feature)) names.set(feature, name.toWellFormed());
  };
  // The n-grams that end at the previous word, shortest first.
  let endingNgrams: { hash: number; name: string }[] = [];
  for (let at = 0; at < tokens.count; at += 1) {
    const [start, end, kind] = [tokens.starts[at]!, tokens.ends[at]!, tokens.kinds[at]!];
    const text = String.fromCharCode(...tokens.units.subarray(start, Math.min(end, start + MAX_NAME_LENGTH)));
    if (kind !== TokenKind.ideograph) {
      visitCharacterNgramTexts(options.characterNgrams, tokens.units, start, end, (ngram) =>
        addName(characters, characterIndex, hashString(ngram), `[${ngram}]`),
      );
    }
    const stem = options.stem && kind !== TokenKind.sign ? porterStem(tokens.units, start, end) : undefined;
    const word = {
      hash: stem === undefined ? tokens.hashes[at]! : hashString(stem),
      name: stem ?? text,
    };
    addName(words, wordIndex, word.hash, word.name);
    if (kind === TokenKind.sign) continue;
    const longer = endingNgrams
      .slice(0, options.wordNgrams - 1)
      .map(({ hash, name }) => ({ hash: joinHashes(hash, word.hash), name: `${name} ${word.name}` }));
    for (const { hash, name } of longer) addName(words, wordIndex, hash, name);
    endingNgrams = [word, ...longer];
  }
  return { words, characters };
}

function visitCharacterNgramTexts(
  [minLength, maxLength]: FeatureOptions['characterNgrams'],
  units: Uint16Array,
  start: number,
  end: number,
  visit: (ngram: string) => void,
): void {
  for (let first = start - 1; first <= end && maxLength > 0; first += 1) {
    let ngram = '';
    const last = Math.min(first + maxLength, end + 1);
    for (let at = first; at < last; at += 1) {
      ngram += at < start || at >= end ? ' ' : String.fromCharCode(units[at]!);
      if (ngram.length >= minLength) visit(ngram);
    }
  }
}
