import { Marked } from 'marked';
import { escapeHtml } from '../src/cli/html/report-page.ts';

/** The address of the service in the links of `docs/runbooks.md`. The served page has relative addresses instead. */
const SERVICE = 'http://localhost:3000/';

const HEAD = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Waymark: runbooks</title>
<link rel="icon" href="../console/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="runbooks.css">
</head>
<body>
<nav aria-label="Pages"><a href="../">Waymark console</a> <a href="../docs">API documentation</a></nav>
<main>
`;

const FOOT = `</main>
</body>
</html>
`;

/** A row of the table of links: the alerts, the link, and its window. */
const LINK_ROW = /^\| ([^|]+) \| `http:\/\/localhost:3000\/([^`]*since=-(\w+)[^`]*)` \|$/gm;

/**
 * Returns the page of the runbooks that the service serves, from the text of `docs/runbooks.md`. Sections have the ids to which
 * alerts link, and the links of the alert to the console. Links to other documents become text, because the service does not serve them.
 */
export function runbooksPage(markdown: string): string {
  const comparisons = comparisonsByAlert(markdown);
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text }) {
        const heading = `<h${depth} id="${text.toLowerCase()}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
        const links = comparisons.get(text) ?? [];
        return links.length === 0 ? heading : `${heading}<p>Compare its requests: ${links.join(', ')}</p>\n`;
      },
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens);
        return href.startsWith('#') ? `<a href="${href}">${text}</a>` : text;
      },
      codespan({ text }) {
        const code = `<code>${escapeHtml(text)}</code>`;
        if (!text.startsWith(SERVICE)) return code;
        return `<a href="../${escapeHtml(text.slice(SERVICE.length))}">${code}</a>`;
      },
    },
  });
  return `${HEAD}${marked.parse(markdown, { async: false })}${FOOT}`;
}

/** Returns the links to the console's page Compare from the table of links, by alert: `LatencyBudgetBurn (page)` has two rows. */
function comparisonsByAlert(markdown: string): Map<string, string[]> {
  const links = new Map<string, string[]>();
  for (const [, names = '', target = '', window = ''] of markdown.matchAll(LINK_ROW)) {
    for (const name of names.split(', ')) {
      const [alert = '', severity = ''] = name.split(/(?= \()/);
      const link = `<a href="../${escapeHtml(target)}">the last ${window}</a>${severity}`;
      links.set(alert, [...(links.get(alert) ?? []), link]);
    }
  }
  return links;
}
