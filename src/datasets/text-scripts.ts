/** The scripts that are told apart. Chinese and Japanese are one, because Japanese mixes both. */
const scripts = {
  Latin: /^\p{Script=Latin}/u,
  Cyrillic: /^\p{Script=Cyrillic}/u,
  Greek: /^\p{Script=Greek}/u,
  Arabic: /^\p{Script=Arabic}/u,
  Hebrew: /^\p{Script=Hebrew}/u,
  Devanagari: /^\p{Script=Devanagari}/u,
  Bengali: /^\p{Script=Bengali}/u,
  Tamil: /^\p{Script=Tamil}/u,
  Thai: /^\p{Script=Thai}/u,
  Hangul: /^\p{Script=Hangul}/u,
  'Chinese or Japanese': /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u,
  other: /^/u,
} as const;

/** The name of a script. */
export type ScriptName = keyof typeof scripts;

const scriptNames = Object.keys(scripts) as ScriptName[];

/** The number of UTF-16 code units, and of letters, that are looked at. */
const MAX_UNITS = 1_000;
const MAX_LETTERS = 100;

const ONLY_ASCII = /^[\0-\x7f]*$/;

/** Returns the script that most letters of a text have, or `undefined` for a text without letters. */
export function scriptOf(text: string): ScriptName | undefined {
  const start = text.slice(0, MAX_UNITS);
  if (ONLY_ASCII.test(start)) return /[a-z]/i.test(start) ? 'Latin' : undefined;
  const letters = start.match(/\p{L}/gu)?.slice(0, MAX_LETTERS) ?? [];
  const counts = new Map<ScriptName, number>();
  let script: ScriptName = 'Latin';
  for (const letter of letters) {
    // A letter usually has the script of the letter before it.
    if (script === 'other' || !scripts[script].test(letter)) {
      script = scriptNames.find((name) => scripts[name].test(letter))!;
    }
    counts.set(script, (counts.get(script) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}
