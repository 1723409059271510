import { SCRIPTS } from './row-columns.ts';

const SAMPLES = 16;

/** The end of each range of UTF-16 code units, and the number of its script. 0 stands for no letter. */
const RANGES: readonly (readonly [end: number, script: (typeof SCRIPTS)[number]])[] = [
  [0x40, null],
  [0x5a, 'latin'],
  [0x60, null],
  [0x7a, 'latin'],
  [0xbf, null],
  [0x24f, 'latin'],
  [0x36f, 'other'],
  [0x3ff, 'greek'],
  [0x52f, 'cyrillic'],
  [0x58f, 'other'],
  [0x5ff, 'hebrew'],
  [0x6ff, 'arabic'],
  [0x8ff, 'other'],
  [0x97f, 'devanagari'],
  [0xdff, 'other'],
  [0xe7f, 'thai'],
  [0x10ff, 'other'],
  [0x11ff, 'hangul'],
  [0x1dff, 'other'],
  [0x1eff, 'latin'],
  [0x1fff, 'greek'],
  [0x303f, null],
  [0x30ff, 'kana'],
  [0x3130, 'other'],
  [0x318f, 'hangul'],
  [0x33ff, 'other'],
  [0x9fff, 'han'],
  [0xabff, 'other'],
  [0xd7af, 'hangul'],
  [0xffff, 'other'],
];

const SCRIPT_OF = new Uint8Array(0x1_00_00);
let start = 0;
for (const [end, script] of RANGES) {
  SCRIPT_OF.fill(SCRIPTS.indexOf(script), start, end + 1);
  start = end + 1;
}

/** Returns the number of the script of most letters among 16 characters of a text; 0 if none of them is a letter. */
export function detectScript(text: string): number {
  const step = Math.max(1, Math.floor(text.length / SAMPLES));
  const end = Math.min(text.length, step * SAMPLES);
  let first = 0;
  for (let at = 0; at < end; at += step) {
    const script = SCRIPT_OF[text.charCodeAt(at)]!;
    if (script === 0 || script === first) continue;
    if (first !== 0) return mostFrequent(text, step, end);
    first = script;
  }
  return first;
}

/** Most texts have one script, and need no counts. */
function mostFrequent(text: string, step: number, end: number): number {
  const counts = new Uint8Array(SCRIPTS.length);
  for (let at = 0; at < end; at += step) counts[SCRIPT_OF[text.charCodeAt(at)]!]! += 1;
  let best = 1;
  for (let script = 2; script < counts.length; script += 1) if (counts[script]! > counts[best]!) best = script;
  return best;
}
