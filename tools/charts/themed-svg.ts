/** Line colours for light and dark backgrounds: Okabe and Ito's palette, safe for every kind of colour vision. */
const LINE_COLOUR_PAIRS = [
  ['#0072b2', '#56b4e9'],
  ['#d55e00', '#ff9f4a'],
  ['#009e73', '#2fd3a2'],
  ['#cc79a7', '#e9a3c9'],
  ['#8a6d00', '#f0e442'],
  ['#5b5b5b', '#b5b5b5'],
] as const;

/** Other colours, each for light and dark backgrounds. */
const inkPairs = {
  text: ['#1f2328', '#e6edf3'],
  faint: ['#59636e', '#9198a1'],
  rule: ['#8c959f', '#656c76'],
  grid: ['#e4e8ec', '#2a313a'],
  limit: ['#cf222e', '#ff7b72'],
} as const;

/** The light line colours. {@link themed} adds the dark ones. */
export const LINE_COLOURS: string[] = LINE_COLOUR_PAIRS.map(([light]) => light);
/** The light colours of everything else. {@link themed} adds the dark ones. */
export const inkColours = {
  text: inkPairs.text[0],
  faint: inkPairs.faint[0],
  rule: inkPairs.rule[0],
  grid: inkPairs.grid[0],
  limit: inkPairs.limit[0],
} as const;

const COLOUR_PAIRS = [...LINE_COLOUR_PAIRS, ...Object.values(inkPairs)];

const variables = (scheme: 0 | 1) => COLOUR_PAIRS.map((pair, at) => `--chart-${at}:${pair[scheme]}`).join(';');

const STYLE =
  `.line-chart{max-width:100%;height:auto;${variables(0)}}` +
  `@media (prefers-color-scheme:dark){.line-chart{${variables(1)}}}`;

/** Makes an SVG with the light colours follow the viewer's light or dark scheme, and titles it for screen readers. */
export function themed(svg: string, title: string): string {
  const coloured = COLOUR_PAIRS.reduce(
    (text, [light], at) => text.replaceAll(`"${light}"`, `"var(--chart-${at},${light})"`),
    withoutHover(svg),
  );
  return coloured.replace(
    /<svg ([^>]*)>/,
    (_, attributes: string) =>
      `<svg class="line-chart" role="img" ${attributes}><title>${escapeXml(title)}</title><style>${STYLE}</style>`,
  );
}

/** Removes the classes and styles that ECharts adds for the mouse: the charts are not interactive. */
function withoutHover(svg: string): string {
  return svg.replace(/<style[^>]*><!\[CDATA\[[\s\S]*?\]\]>\s*<\/style>/, '').replaceAll(/ class="zr[^"]*"/g, '');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
