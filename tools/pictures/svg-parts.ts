import { inkColours, LINE_COLOURS } from '../charts/palette.ts';
import { escapeXml } from '../charts/themed-svg.ts';

const CHARACTER_WIDTH = 6.2;
const LEGEND_FONT_SIZE = 11;
const LEGEND_ROW_HEIGHT = 16;
const MAX_LEGEND_ROWS = 3;
const SWATCH_WIDTH = 18;
const GAP = 12;
/** The place for the number of series that have no room. */
const REST_WIDTH = 70;

/** The size of a drawing, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Options of a text. Its default is dark, of 12 pixels, and starts at its position. */
export interface TextOptions {
  readonly size?: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly colour?: string;
  readonly bold?: boolean;
}

/** Returns a text whose base line is at a position. */
export function textAt(x: number, y: number, text: string, options: TextOptions = {}): string {
  const { size = 12, anchor = 'start', colour = inkColours.text, bold = false } = options;
  return `<text x="${fixed(x)}" y="${fixed(y)}" font-family="sans-serif" font-size="${size}" text-anchor="${anchor}"${bold ? ' font-weight="bold"' : ''} fill="${colour}">${escapeXml(text)}</text>`;
}

/** Returns a rectangle. */
export function rectangle(x: number, y: number, { width, height }: Size, fill: string, opacity = 1): string {
  return `<rect x="${fixed(x)}" y="${fixed(y)}" width="${fixed(width)}" height="${fixed(height)}" fill="${fill}"${opacity < 1 ? ` fill-opacity="${fixed(opacity)}"` : ''}/>`;
}

/** Shortens a text to the characters that fit into a width. */
export function fitText(text: string, width: number): string {
  const most = Math.max(1, Math.floor(width / CHARACTER_WIDTH));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** Returns the colour of a series. */
function colourOf(at: number): string {
  return LINE_COLOURS[at % LINE_COLOURS.length]!;
}

/** Returns the legend of series in rows, and its height. It ends with the number of series that have no room. */
export function legend(names: readonly string[], width: number): { svg: string; height: number } {
  let [x, row] = [0, 0];
  let svg = '';
  for (const [at, name] of names.entries()) {
    const isLastRow = row === MAX_LEGEND_ROWS - 1;
    const rest = isLastRow && at < names.length - 1 ? REST_WIDTH : 0;
    const text = fitText(name, width - SWATCH_WIDTH - rest);
    const needed = SWATCH_WIDTH + text.length * CHARACTER_WIDTH + GAP;
    if (x > 0 && x + needed + rest > width + GAP) {
      if (isLastRow) {
        const more = `and ${names.length - at} more`;
        svg += textAt(x, legendY(row), more, { size: LEGEND_FONT_SIZE, colour: inkColours.faint });
        break;
      }
      x = 0;
      row += 1;
    }
    svg += rectangle(x, legendY(row) - 5, { width: 12, height: 3 }, colourOf(at));
    svg += textAt(x + SWATCH_WIDTH, legendY(row), text, { size: LEGEND_FONT_SIZE });
    x += needed;
  }
  return { svg, height: LEGEND_ROW_HEIGHT * (row + 1) };
}

function legendY(row: number): number {
  return LEGEND_ROW_HEIGHT * row + LEGEND_FONT_SIZE;
}

/** Moves a drawing. */
export function movedTo(x: number, y: number, svg: string): string {
  return `<g transform="translate(${fixed(x)} ${fixed(y)})">${svg}</g>`;
}

function fixed(value: number): number {
  return Math.round(value * 10) / 10;
}
