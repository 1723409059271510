/** Colours of lines, told apart by readers of any colour vision (Okabe and Ito's palette, for light backgrounds). */
const lines = [
  ['#0072b2', '#56b4e9'],
  ['#d55e00', '#ff9f4a'],
  ['#009e73', '#2fd3a2'],
  ['#cc79a7', '#e9a3c9'],
  ['#8a6d00', '#f0e442'],
  ['#5b5b5b', '#b5b5b5'],
] as const;

/** What is no line: light, dark. */
const inks = {
  text: ['#1f2328', '#e6edf3'],
  faint: ['#59636e', '#9198a1'],
  rule: ['#8c959f', '#656c76'],
  grid: ['#e4e8ec', '#2a313a'],
  limit: ['#cf222e', '#ff7b72'],
} as const;

/** The light colours; {@link themed} knows their dark ones. */
export const lineColours: string[] = lines.map(([light]) => light);
/** Likewise. */
export const inkColours = {
  text: inks.text[0],
  faint: inks.faint[0],
  rule: inks.rule[0],
  grid: inks.grid[0],
  limit: inks.limit[0],
} as const;

const pairs = [...lines, ...Object.values(inks)];

const variables = (scheme: 0 | 1) => pairs.map((pair, at) => `--chart-${at}:${pair[scheme]}`).join(';');

const style =
  `.line-chart{max-width:100%;height:auto;${variables(0)}}` +
  `@media (prefers-color-scheme:dark){.line-chart{${variables(1)}}}`;

/** Lets an SVG that was drawn with the light colours follow the scheme of whoever looks at it, and names it for readers of screens. */
export function themed(svg: string, title: string): string {
  const coloured = pairs.reduce(
    (text, [light], at) => text.replaceAll(`"${light}"`, `"var(--chart-${at},${light})"`),
    withoutHover(svg),
  );
  return coloured.replace(
    /<svg ([^>]*)>/,
    (_, attributes: string) =>
      `<svg class="line-chart" role="img" ${attributes}><title>${escapeXml(title)}</title><style>${style}</style>`,
  );
}

/** ECharts styles what the mouse is over, by classes; here nothing answers to a mouse. */
function withoutHover(svg: string): string {
  return svg.replace(/<style[^>]*><!\[CDATA\[[\s\S]*?\]\]>\s*<\/style>/, '').replaceAll(/ class="zr[^"]*"/g, '');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
