import { Marked } from 'marked';

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

/**
 * Returns the page of the runbooks that the service serves, from the text of `docs/runbooks.md`. Sections have the ids to which
 * alerts link. Links to other documents become text, because the service does not serve them.
 */
export function runbooksPage(markdown: string): string {
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text }) {
        return `<h${depth} id="${text.toLowerCase()}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
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

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
