import { COLOUR_PAIRS } from './palette.ts';

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
  return svg.replaceAll(/<style[^>]*><!\[CDATA\[[\s\S]*?\]\]>\s*<\/style>/g, '').replaceAll(/ class="zr[^"]*"/g, '');
}

/** Escapes a text for the content of an element of XML. */
export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
