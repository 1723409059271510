import LOOKS_LIKE_DATA from 'unhomoglyph/data.json' with { type: 'json' };

/**
 * Unicode's table of confusable characters (UTS #39, confusables.txt of version 13.0.0, Unicode License V3), as the npm
 * package `unhomoglyph` (MIT) ships it: the character that each one looks like.
 */
const LOOKS_LIKE: Readonly<Record<string, string>> = LOOKS_LIKE_DATA;

const SCRIPTS =
  /^[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}\p{Script=Lisu}]$/u;
/** The Greek mu is left out: in "5 μm" it is a letter of a unit, and would become another unit. */
const LEFT_OUT = 'μ';

/** Returns the letters that look like a Latin letter, under that letter, both sorted. */
export function confusableLetters(): Record<string, string> {
  const groups = [...groupByLatinLetter()].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(groups.map(([latin, letters]) => [latin, [...letters].sort().join('')]));
}

function groupByLatinLetter(): Map<string, Set<string>> {
  const latinOf = new Map<string, string>();
  // Lower-case pairs first: they decide where the two cases of a letter look like different Latin letters.
  for (const isLower of [true, false]) {
    for (const [letter, latin] of Object.entries(LOOKS_LIKE)) {
      const lower = letter.toLowerCase();
      if ((letter === lower) !== isLower || letter.length > 1 || lower.length > 1) continue;
      if (letter.normalize('NFKC') !== letter) continue;
      if (!SCRIPTS.test(letter) || LEFT_OUT.includes(lower) || !/^[A-Za-z]$/.test(latin)) continue;
      if (!latinOf.has(lower)) latinOf.set(lower, latin.toLowerCase());
    }
  }
  const groups = new Map<string, Set<string>>();
  for (const [letter, latin] of latinOf) groups.set(latin, (groups.get(latin) ?? new Set()).add(letter));
  return groups;
}
