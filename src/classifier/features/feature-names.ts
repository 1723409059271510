import { findHash, type HashIndex } from '../text/hash-index.ts';
import { hashString, joinHashes } from '../text/hashing.ts';
import { porterStem } from '../text/stemming.ts';
import type { FeatureOptions } from '../text/text-options.ts';
import { type TokenBuffer, TokenKind } from '../text/token-buffer.ts';

/** Names of a text's features by their numbers. */
export interface FeatureNames {
  /** Words as they are counted (stems), a sequence of them joined by blanks. */
  readonly words: ReadonlyMap<number, string>;
  /** Character n-grams in brackets; a blank stands for the edge of a word. */
  readonly characters: ReadonlyMap<number, string>;
}

/**
 * Finds the names behind a text's features by going through its tokens again, this time with strings: the model holds
 * hashes alone, and only an explanation needs names.
 */
export function nameFeatures(
  options: FeatureOptions,
  tokens: TokenBuffer,
  wordIndex: HashIndex,
  characterIndex: HashIndex,
): FeatureNames {
  const words = new Map<number, string>();
  const characters = new Map<number, string>();
  const put = (names: Map<number, string>, index: HashIndex, hash: number, name: string) => {
    const feature = findHash(index, hash);
    if (feature >= 0 && !names.has(feature)) names.set(feature, name);
  };
  // The sequences that end at the word before: hash and name, shortest first.
  let ending: { hash: number; name: string }[] = [];
  for (let at = 0; at < tokens.count; at += 1) {
    const [start, end, kind] = [tokens.starts[at]!, tokens.ends[at]!, tokens.kinds[at]!];
    const text = String.fromCharCode(...tokens.units.subarray(start, Math.min(end, start + 1000)));
    if (kind !== TokenKind.ideograph) {
      nameCharacters(options.characterNgrams, tokens.units, start, end, (gram) =>
        put(characters, characterIndex, hashString(gram), `[${gram}]`),
      );
    }
    const stem = options.stem && kind !== TokenKind.sign ? porterStem(tokens.units, start, end) : undefined;
    const one = {
      hash: stem === undefined ? tokens.hashes[at]! : hashString(stem),
      name: stem ?? text,
    };
    put(words, wordIndex, one.hash, one.name);
    if (kind === TokenKind.sign) continue;
    const longer = ending
      .slice(0, options.wordNgrams - 1)
      .map(({ hash, name }) => ({ hash: joinHashes(hash, one.hash), name: `${name} ${one.name}` }));
    for (const { hash, name } of longer) put(words, wordIndex, hash, name);
    ending = [one, ...longer];
  }
  return { words, characters };
}

function nameCharacters(
  [shortest, longest]: FeatureOptions['characterNgrams'],
  units: Uint16Array,
  start: number,
  end: number,
  onGram: (gram: string) => void,
): void {
  for (let first = start - 1; first <= end && longest > 0; first += 1) {
    let gram = '';
    const last = Math.min(first + longest, end + 1);
    for (let at = first; at < last; at += 1) {
      gram += at < start || at >= end ? ' ' : String.fromCharCode(units[at]!);
      if (gram.length >= shortest) onGram(gram);
    }
  }
}
