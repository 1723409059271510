/** What a UTF-16 code unit is to a tokeniser. */
export const CharacterClass = {
  /** Blanks, controls and anything else that only separates. */
  gap: 0,
  /** Letters, digits, marks and the underscore: they join into words. */
  word: 1,
  /** Punctuation and signs: a run of the same unit is one token, never a word. */
  sign: 2,
  /** Letters of scripts without spaces, each of which is a word by itself. */
  ideograph: 3,
  /** First half of a surrogate pair. */
  highSurrogate: 4,
  /** Second half of a surrogate pair. */
  lowSurrogate: 5,
} as const;

const units = 65_536;
const classShift = 16;
const unitMask = 0xffff;

/** What a tokeniser asks of each code unit, in one look-up: `characterClassOf` and `lowerCaseOf` take it apart. */
export const characters: Uint32Array = new Uint32Array(units);

/** The `CharacterClass` in an element of `characters`. */
export function characterClassOf(character: number): number {
  return character >>> classShift;
}

/** The lower-case form in an element of `characters`, where that is one code unit; otherwise the unit itself. */
export function lowerCaseOf(character: number): number {
  return character & unitMask;
}

const ideograph = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
const word = /[\p{L}\p{N}\p{M}_]/u;
const sign = /[\p{P}\p{S}]/u;

function classOf(unit: number, character: string): number {
  if (unit >= 0xd800 && unit <= 0xdbff) return CharacterClass.highSurrogate;
  if (unit >= 0xdc00 && unit <= 0xdfff) return CharacterClass.lowSurrogate;
  if (unit >= 0x2e80 && unit < 0xac00 && ideograph.test(character)) return CharacterClass.ideograph;
  if (word.test(character)) return CharacterClass.word;
  return sign.test(character) ? CharacterClass.sign : CharacterClass.gap;
}

for (let unit = 0; unit < units; unit += 1) {
  const character = String.fromCharCode(unit);
  const lower = character.toLowerCase();
  characters[unit] = (classOf(unit, character) << classShift) | (lower.length === 1 ? lower.charCodeAt(0) : unit);
}

// Full-width Latin and digits are the same letters in another width, common in Chinese and Japanese text.
for (let unit = 0xff01; unit <= 0xff5e; unit += 1) {
  characters[unit] = characters[unit - 0xfee0]!;
}
