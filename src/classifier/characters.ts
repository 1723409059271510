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

/** The lower-case form of each code unit, where that is one code unit; otherwise the unit itself. */
export const lowerCase: Uint16Array = new Uint16Array(units);

/** The `CharacterClass` of each code unit. */
export const characterClass: Uint8Array = new Uint8Array(units);

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
  lowerCase[unit] = lower.length === 1 ? lower.charCodeAt(0) : unit;
  characterClass[unit] = classOf(unit, character);
}

// Full-width Latin and digits are the same letters in another width, common in Chinese and Japanese text.
for (let unit = 0xff01; unit <= 0xff5e; unit += 1) {
  const narrow = unit - 0xfee0;
  lowerCase[unit] = lowerCase[narrow]!;
  characterClass[unit] = characterClass[narrow]!;
}
