/** The named colours that hide text in practice, as hexadecimal numbers. */
const NAMED_COLORS = new Map([
  ['white', '#ffffff'],
  ['black', '#000000'],
  ['snow', '#fffafa'],
  ['ivory', '#fffff0'],
  ['whitesmoke', '#f5f5f5'],
  ['ghostwhite', '#f8f8ff'],
  ['red', '#ff0000'],
  ['lime', '#00ff00'],
  ['green', '#008000'],
  ['blue', '#0000ff'],
  ['navy', '#000080'],
  ['yellow', '#ffff00'],
  ['gray', '#808080'],
  ['grey', '#808080'],
  ['silver', '#c0c0c0'],
]);

/** The colour through which another one shows. */
export const TRANSPARENT = 'transparent';

/** The number of characters of a CSS value that are read. No colour is longer, and a long value must not cost time. */
export const MAX_VALUE_LENGTH = 100;

/** The greatest distance in each of red, green and blue (0 to 255) at which a reader cannot tell two colours apart. */
const INDISTINGUISHABLE = 3;

/**
 * Reads a colour of HTML or CSS: a name, `#rgb`, `#rrggbb`, `rgb()`, or the first of these in a shorthand.
 *
 * @returns the colour as `#rrggbb`, `TRANSPARENT` for a transparent one, or `undefined` if it is none of these
 */
export function readColor(value: string): string | undefined {
  const text = value.slice(0, MAX_VALUE_LENGTH).trim().toLowerCase();
  if (text === TRANSPARENT) return TRANSPARENT;
  // A picture or a gradient can lie behind the text.
  if (text.includes('url(') || text.includes('gradient(') || text.includes('var(')) return undefined;
  const rgb = /rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})(?:[\s,/]+([\d.]+)%?)?\s*\)/.exec(text);
  if (rgb) {
    if (rgb[4] !== undefined && Number(rgb[4]) === 0) return TRANSPARENT;
    return hex(rgb.slice(1, 4).map(Number));
  }
  const digits = /#?\b([0-9a-f]{6}|[0-9a-f]{3})\b/.exec(text)?.[1];
  if (digits && (text.includes('#') || digits.length === text.length)) {
    return `#${digits.length === 3 ? [...digits].map((digit) => digit + digit).join('') : digits}`;
  }
  for (const word of text.split(/\s+/)) {
    const named = NAMED_COLORS.get(word);
    if (named !== undefined) return named;
  }
  return undefined;
}

/** Returns whether text of the first colour cannot be seen on the second. Colours that are not known differ. */
export function isSameColor(color: string | undefined, background: string | undefined): boolean {
  if (color === TRANSPARENT) return true;
  if (color === undefined || background === undefined) return false;
  if (color === background) return true;
  return [1, 3, 5].every((at) => Math.abs(byteAt(color, at) - byteAt(background, at)) <= INDISTINGUISHABLE);
}

function byteAt(color: string, at: number): number {
  return Number.parseInt(color.slice(at, at + 2), 16);
}

function hex(bytes: readonly number[]): string {
  return `#${bytes.map((byte) => Math.min(byte, 255).toString(16).padStart(2, '0')).join('')}`;
}
