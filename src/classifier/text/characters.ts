/** The class of a UTF-16 code unit, which decides how a tokeniser treats it. */
export const CharacterClass = {
  /** Blanks, controls and all other units that only separate tokens. */
  gap: 0,
  /** Letters, digits, marks and the underscore. Neighbours join into one word. */
  word: 1,
  /** Punctuation and symbols. A run of the same unit is one token, which is not a word. */
  sign: 2,
  /** Letters of Han, Hiragana and Katakana. Each letter is one word. */
  ideograph: 3,
  /** First half of a surrogate pair. */
  highSurrogate: 4,
  /** Second half of a surrogate pair. */
  lowSurrogate: 5,
} as const;

const UNIT_COUNT = 65_536;
const CLASS_SHIFT = 16;
const UNIT_MASK = 0xffff;

const IDEOGRAPH = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
const WORD = /[\p{L}\p{N}\p{M}_]/u;
const SIGN = /[\p{P}\p{S}]/u;

/**
 * One entry for each UTF-16 code unit: its class and its lower-case form. Tokenisers read one entry per unit and decode
 * the entry with {@link characterClassOf} and {@link lowerCaseOf}.
 */
export const characterTable: Uint32Array = buildCharacterTable();

/** Returns the `CharacterClass` in an entry of {@link characterTable}. */
export function characterClassOf(entry: number): number {
  return entry >>> CLASS_SHIFT;
}

/**
 * Returns the lower-case code unit in an entry of {@link characterTable}. A unit whose lower case has several units
 * stays as it is.
 */
export function lowerCaseOf(entry: number): number {
  return entry & UNIT_MASK;
}

function buildCharacterTable(): Uint32Array {
  const table = new Uint32Array(UNIT_COUNT);
  for (let unit = 0; unit < UNIT_COUNT; unit += 1) {
    const character = String.fromCharCode(unit);
    const lower = character.toLowerCase();
    table[unit] = (classify(unit, character) << CLASS_SHIFT) | (lower.length === 1 ? lower.charCodeAt(0) : unit);
  }
  // Chinese and Japanese texts often have full-width Latin letters and digits: they count as the usual ones.
  for (let unit = 0xff01; unit <= 0xff5e; unit += 1) {
    table[unit] = table[unit - 0xfee0]!;
  }
  return table;
}

function classify(unit: number, character: string): number {
  if (unit >= 0xd800 && unit <= 0xdbff) return CharacterClass.highSurrogate;
  if (unit >= 0xdc00 && unit <= 0xdfff) return CharacterClass.lowSurrogate;
  if (unit >= 0x2e80 && unit < 0xac00 && IDEOGRAPH.test(character)) return CharacterClass.ideograph;
  if (WORD.test(character)) return CharacterClass.word;
  return SIGN.test(character) ? CharacterClass.sign : CharacterClass.gap;
}
