/** The width of a bar in characters. */
const BAR_WIDTH = 30;

/** The eighths of a character, from empty to full. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Returns a bar for a share from 0 to 1, padded to `width` characters. */
export function bar(share: number, width = BAR_WIDTH): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  return `${'█'.repeat(Math.floor(eighths / 8))}${EIGHTHS[eighths % 8]}`.padEnd(width);
}

/** Returns a share from 0 to 1 as a percentage. Only 0 and 1 are shown as 0 % and 100 %. */
export function percent(share: number): string {
  if (share > 0 && share < 0.0005) return '< 0.1 %';
  if (share < 1 && share >= 0.9995) return '> 99.9 %';
  return `${(share * 100).toFixed(1)} %`;
}

/** Returns a whole number with separators between thousands. */
export function count(number: number): string {
  return number.toLocaleString('en-US');
}

/** Returns `1 text` or `2 texts`. */
export function plural(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/**
 * Aligns the cells of rows in columns.
 *
 * @param textColumns the number of columns that are aligned to the left; the others are aligned to the right
 * @returns one line for each row, indented by two blanks
 */
export function columns(rows: readonly (readonly string[])[], textColumns = 1): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => displayWidth(row[column] ?? ''))));
  return rows.map((row) => {
    const cells = row.map((cell, at) => {
      const gap = ' '.repeat(Math.max(0, widths[at]! - displayWidth(cell)));
      return at < textColumns ? cell + gap : gap + cell;
    });
    return `  ${cells.join('  ')}`.trimEnd();
  });
}

/** Shortens a string to a number of characters. */
export function shorten(text: string, characters: number): string {
  const all = [...text];
  return all.length > characters ? `${all.slice(0, characters - 1).join('')}…` : text;
}

/** Returns a string without control characters, which could change the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => (character === '\n' || character === '\t' ? ' ' : '\ufffd'));
}

/** Returns the number of columns that a string takes. Characters of East Asian scripts take two. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text)
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(
      character,
    )
      ? 2
      : 1;
  return width;
}
