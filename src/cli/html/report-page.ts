import { REPORT_STYLE } from './report-style.ts';

/**
 * Returns a report as an HTML page that needs no script and loads no other file.
 *
 * @param body the content, as HTML
 * @param style rules beside those that all reports share
 */
export function reportPage(title: string, body: string, style = ''): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${REPORT_STYLE}${style}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

/** Returns the most important figures, each with its name, as a row of tiles. */
export function tiles(figures: readonly (readonly [name: string, value: string])[]): string {
  const items = figures.map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`);
  return `<dl class="tiles">${items.join('')}</dl>`;
}

/**
 * Returns a table. The first `textColumns` columns are text, and the others numbers.
 *
 * @param linkColumn the column whose cells are addresses
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  textColumns = 1,
  linkColumn?: number,
): string {
  const cells = (row: readonly string[], tag: 'th' | 'td') =>
    row
      .map((cell, at) => {
        const content = tag === 'td' && at === linkColumn ? link(cell) : escapeHtml(cell);
        return `<${tag}${at < textColumns ? '' : ' class="number"'}>${content}</${tag}>`;
      })
      .join('');
  return `<div class="wide" tabindex="0"><table><thead><tr>${cells(head, 'th')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('\n')}</tbody></table></div>`;
}

/** Returns a share from 0 to 1 as a percentage with one decimal. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function link(address: string): string {
  return `<a href="${escapeHtml(address)}" rel="noreferrer">${escapeHtml(address)}</a>`;
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
