import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Middleware } from 'koa';
import type { RequestState } from '../server/context.ts';

/** The file that `npm run docs` makes from `docs/runbooks.md`. */
const PAGE = join(import.meta.dirname, 'runbooks.html');

/** Allows only the style sheet and the icon: the page has no script. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The look of the page, close to that of the console. */
export const RUNBOOKS_STYLE = `:root { color-scheme: light dark; --paper: #fff; --ground: #f5f6f8; --ink: #1c2127; --line: #dfe3e8; --link: #1b5cb8; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #171b21; --ground: #0f1216; --ink: #dfe4ea; --line: #2b323b; --link: #82b3ff; }
}
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.55 system-ui, sans-serif; }
nav { display: flex; gap: 24px; padding: 12px 24px; background: var(--paper); border-bottom: 1px solid var(--line); }
nav a { font-weight: 600; }
main { max-width: 60rem; margin: 0 auto; padding: 8px 24px 48px; overflow-wrap: anywhere; }
h2 { margin-top: 2.2em; padding-top: 0.6em; border-top: 1px solid var(--line); }
h2:target { background: var(--paper); }
a { color: var(--link); }
code { font: 0.9em ui-monospace, monospace; background: var(--paper); padding: 0 3px; border-radius: 3px; }
table { border-collapse: collapse; }
th, td { padding: 4px 10px; border: 1px solid var(--line); text-align: left; }
`;

/** `GET /docs/runbooks`: returns the runbooks as a page. Alerts link to its sections. */
export function showRunbooks(): Middleware<RequestState> {
  // All responses that wait for their clients share the bytes of the page.
  let page: Promise<Buffer> | undefined;
  return async (ctx) => {
    page ??= readFile(PAGE);
    ctx.body = await page.catch((error: unknown) => {
      page = undefined;
      throw error;
    });
    ctx.type = 'text/html';
    ctx.set('content-security-policy', CONTENT_SECURITY_POLICY);
  };
}
