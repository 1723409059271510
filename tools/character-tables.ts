import {
  CharacterClass,
  type CharacterTable,
  CLASS_SHIFT,
  DISTINCT_BIT,
  JOINING_BIT,
  MARK_BIT,
  RANK_SHIFT,
  UNIT_COUNT,
  UNIT_MASK,
} from '../src/classifier/text/characters.ts';
import {
  COMPOSING_SIGNS,
  createCompositions,
  DOT_ABOVE,
  isCombining,
  isOrdered,
  isSorted,
  normalFormOf,
  splitComposed,
} from '../src/classifier/text/code-points.ts';
import { confusableLetters } from './confusable-letters.ts';

const IGNORABLE = /^\p{Default_Ignorable_Code_Point}$/u;
/** A mark of each combining class of the Basic Multilingual Plane, in the order in which normal forms sort them. */
const MARKS_IN_ORDER = Array.from(
  '\u0334\u093c\u3099\u094d\u05b0\u05b1\u05b2\u05b3\u05b4\u05b5\u05b6\u05b7\u05b8\u05b9\u05bb\u05bc\u05bd\u05bf\u05c1\u05c2\ufb1e' +
    '\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0670\u0711\u0c55\u0c56\u0e38\u0e48\u0eb8\u0ec8\u0f71\u0f72\u0f74' +
    '\u0327\u1dce\u031b\u302a\u0316\u059a\u302e\u05ae\u0300\u0315\u035c\u035d\u0345',
);
/** The blocks of letters that a letter and a mark can compose. */
const COMPOSED_LETTERS =
  /[\u00c0-\u024f\u0370-\u052f\u0620-\u06ff\u0900-\u0dff\u1000-\u102f\u1b00-\u1b4f\u1e00-\u1fff\u2190-\u22ff\u3040-\u30ff]/;

const IDEOGRAPH = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
const WORD = /[\p{L}\p{N}\p{M}_]/u;
const SIGN = /[\p{P}\p{S}]/u;
const LOOKALIKE =
  /^(?=\p{L})[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}\p{Script=Lisu}]$/u;
/** Characters that can have a normal form of their own: a fast test for most of those that have none. */
const CAN_CHANGE = /[\p{Changes_When_NFKC_Casefolded}\p{Script=Cherokee}\p{P}\u0131\u2212\ufffd]/u;

/** The tables of characters, by the version of Unicode that Node has. */
export interface CharacterTables {
  readonly raw: CharacterTable;
  readonly normal: CharacterTable;
  readonly compositions: readonly Composition[];
}

/** Computes the tables. It takes a tenth of a second, so the source has their result. */
export function computeCharacterTables(): CharacterTables {
  const raw = buildRawTable();
  const compositions = collectCompositions();
  return { raw, normal: buildNormalTable(raw, compositions), compositions };
}

/**
 * Returns the tables as `src/classifier/text/characters.ts` reads them: numbers in base 128, the lowest digits first. The
 * last digit of each number is below 128. First the number of different entries, and each entry as its difference to its unit.
 * Then both tables as runs: a length, and the position of the entry. In the second table 0 is the entry of the first table.
 * Last, the composed letters in order: twice the distance to the letter before, and 1 if the letter is its own normal form.
 */
export function packCharacterTables({ raw, normal, compositions }: CharacterTables): string {
  const bytes: number[] = [];
  const write = (value: number) => {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push(0x80 | (rest & 0x7f));
    bytes.push(rest);
  };
  const differenceOf = (entry: number, unit: number) => ((entry & ~UNIT_MASK) | ((entry - unit) & UNIT_MASK)) >>> 0;
  const [first, second] = [raw, normal].map((table) => Array.from(table, differenceOf)) as [number[], number[]];
  const entries = [...new Set([...first, ...second])];
  const positions = new Map(entries.map((entry, position) => [entry, position]));
  write(entries.length);
  for (const entry of entries) write(entry);
  const writeRuns = (values: readonly number[]) => {
    for (let from = 0, to = 0; from < values.length; from = to) {
      while (to < values.length && values[to] === values[from]) to += 1;
      write(to - from);
      write(values[from]!);
    }
  };
  writeRuns(first.map((entry) => positions.get(entry)!));
  writeRuns(second.map((entry, unit) => (entry === first[unit] ? 0 : positions.get(entry)! + 1)));
  let before = 0;
  for (const { composed, isOwnForm } of compositions) {
    write(2 * (composed - before) + (isOwnForm ? 1 : 0));
    before = composed;
  }
  return Buffer.from(bytes).toString('base64');
}

function buildRawTable(): CharacterTable {
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

function buildNormalTable(raw: CharacterTable, compositions: readonly Composition[]): CharacterTable {
  const table = raw.slice();
  const confusable = new Set(Object.values(confusableLetters()).join(''));
  const { marks: joining } = createCompositions(compositions.map((one) => [one.composed, one.isOwnForm]));
  const unstable = CharacterClass.unstable << CLASS_SHIFT;
  for (let unit = 0x80; unit < UNIT_COUNT; unit += 1) {
    // Surrogates.
    if (unit === 0xd800) unit = 0xe000;
    const character = String.fromCharCode(unit);
    if (isWholeVowel(character)) continue;
    if (isIgnorable(character) || isCombining(character)) {
      const rank = markRankOf(character);
      const isJoining = joining.has(unit);
      const isMark = rank > 0 || (isJoining && isComposingSign(character));
      const bits = (isMark ? MARK_BIT : 0) | (isJoining ? JOINING_BIT : 0);
      table[unit] = unstable | (rank << RANK_SHIFT) | bits | unit;
      continue;
    }
    const form = CAN_CHANGE.test(character) ? normalFormOf(character) : character;
    const target = form.charCodeAt(0);
    if (form.length !== 1 || isCombining(form)) table[unit] = unstable | unit;
    else if (!LOOKALIKE.test(form)) table[unit] = (classify(target, form) << CLASS_SHIFT) | target;
    else {
      const distinct = confusable.has(form.normalize('NFD').charAt(0)) ? 0 : DISTINCT_BIT;
      table[unit] = (CharacterClass.lookalike << CLASS_SHIFT) | distinct | target;
    }
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

/** A letter that a lower-case letter and a mark compose. */
interface Composition {
  readonly composed: number;
  readonly isOwnForm: boolean;
}

function collectCompositions(): Composition[] {
  return Array.from({ length: 0x3100 - 0xc0 }, (_, at) => String.fromCharCode(at + 0xc0))
    .filter((character) => COMPOSED_LETTERS.test(character) && splitComposed(character) !== undefined)
    .map((character) => ({ composed: character.charCodeAt(0), isOwnForm: normalFormOf(character) === character }));
}

/** Returns whether a character is a vowel am of Thai or Lao. NFKC takes it apart, but dictionaries have the whole vowel. */
function isWholeVowel(character: string): boolean {
  return character === '\u0e33' || character === '\u0eb3';
}

/** Returns whether a character shows nothing by itself, as a zero width space or a variation selector. */
function isIgnorable(character: string): boolean {
  return IGNORABLE.test(character);
}

/** Returns whether a character is a vowel sign that joins some signs before it, and is not sorted among marks. */
function isComposingSign(character: string): boolean {
  return COMPOSING_SIGNS.test(character);
}

/**
 * Returns the rank of a mark in the order in which normal forms sort the marks of a letter, from 1. It is 0 for characters
 * that are not sorted, and for marks whose normal form is something else: the dot above can be nothing (`dropSecondDots`).
 */
function markRankOf(character: string): number {
  if (
    character === DOT_ABOVE ||
    !isCombining(character) ||
    !isSorted(character) ||
    normalFormOf(character) !== character
  )
    return 0;
  let [low, high] = [0, MARKS_IN_ORDER.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isOrdered(`a${MARKS_IN_ORDER[middle]}${character}`)) low = middle + 1;
    else high = middle;
  }
  return low;
}
