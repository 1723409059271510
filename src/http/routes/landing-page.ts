import { createHash } from 'node:crypto';
import type { Middleware } from 'koa';
import packageJson from '../../../package.json' with { type: 'json' };
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { type Link, linksOf } from './links.ts';

const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f7f6f3; --card: #ffffff; --line: #e2dfd8; --text: #23262b; --quiet: #5c6169; --accent: #1f5f8b;
  font: 1rem/1.55 system-ui, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root { --page: #15181c; --card: #1d2126; --line: #31363d; --text: #e6e8eb; --quiet: #a3aab3; --accent: #86c0e8; }
}
* { box-sizing: border-box; }
body { margin: 0; padding: clamp(1.5rem, 6vw, 5rem) 1.25rem; background: var(--page); color: var(--text); }
main { max-width: 46rem; margin: 0 auto; }
header { margin-bottom: 2.5rem; }
h1 { display: flex; align-items: center; gap: .75rem; margin: 0; font-size: 2rem; line-height: 1.2; letter-spacing: -.02em; }
h1 svg { width: 2rem; height: 2rem; color: var(--accent); }
header p { margin: .75rem 0 0; color: var(--quiet); text-wrap: balance; }
h2 { margin: 2rem 0 .75rem; font-size: .8125rem; letter-spacing: .08em; text-transform: uppercase; color: var(--quiet); }
ul { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .75rem; margin: 0; padding: 0; list-style: none; }
a {
  display: block; height: 100%; padding: .875rem 1rem; border: 1px solid var(--line); border-radius: .625rem;
  background: var(--card); color: inherit; text-decoration: none;
}
a strong { display: block; color: var(--accent); font-weight: 600; }
a span { display: block; margin-top: .125rem; color: var(--quiet); font-size: .875rem; line-height: 1.4; }
a:hover { border-color: var(--accent); }
a:hover strong { text-decoration: underline; }
a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`;

/** The logo: a signpost with two lines of text. */
const LOGO =
  '<svg viewBox="0 0 32 32" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M7 29V4h14l5 5.5-5 5.5H7M12 8h7M12 11.5h4"/></svg>';

/** Permits the style and the icon of this page, and nothing else. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const GROUPS = [
  { title: 'Use', names: ['docs', 'openapi', 'models'] },
  { title: 'Health', names: ['live', 'ready', 'metrics'] },
  { title: 'Observe', names: ['jaeger', 'prometheus', 'grafana'] },
];

/** `GET /`: returns the links of the service, as a page for browsers and as JSON for other clients. */
export function showLandingPage({ config }: Service): Middleware<RequestState> {
  return (ctx) => {
    const links = linksOf(config, ctx.hostname);
    ctx.vary('accept');
    if (ctx.accepts('json', 'html') !== 'html') {
      const { name, version, description } = packageJson;
      ctx.body = { name, version, description, links: Object.fromEntries(links.map(({ name, href }) => [name, href])) };
      return;
    }
    ctx.set('content-security-policy', CONTENT_SECURITY_POLICY);
    ctx.type = 'text/html';
    ctx.body = renderPage(links);
  };
}

function renderPage(links: readonly Link[]): string {
  const icon = LOGO.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ').replace('currentColor', '#4a90c2');
  const sections = GROUPS.map(({ title, names }) => {
    const items = links.filter(({ name }) => names.includes(name));
    return items.length === 0
      ? ''
      : `<h2>${title}</h2>\n<ul role="list">\n${items.map(renderLink).join('\n')}\n</ul>\n`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Waymark</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(icon)}">
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${LOGO}Waymark</h1>
<p>${escapeHtml(packageJson.description)}. Version&nbsp;${escapeHtml(packageJson.version)}.</p>
</header>
${sections.join('')}</main>
</body>
</html>
`;
}

function renderLink({ href, title, description }: Link): string {
  return `<li><a href="${escapeHtml(href)}"><strong>${title}</strong> <span>${description}</span></a></li>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
