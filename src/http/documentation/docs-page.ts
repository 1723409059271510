import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Middleware } from 'koa';
import { Problem } from '../../platform/problems.ts';
import { createDocument } from '../openapi/document.ts';
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { RUNBOOKS_STYLE } from './runbooks-page.ts';

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Waymark: API documentation</title>
<link rel="icon" href="console/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="stylesheet" href="docs/page.css">
</head>
<body>
<nav aria-label="Pages"><a href="./">Waymark console</a> <a href="docs/runbooks">Runbooks</a></nav>
<div id="api"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/page.js"></script>
</body>
</html>
`;

/** Relative addresses, so that the page works behind a path prefix. Swagger UI has a dark theme of its own. */
const PAGE_SCRIPT = `const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();
SwaggerUIBundle({ url: 'openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null });
`;

/** The look of the console around Swagger UI. */
const PAGE_STYLE = `:root { color-scheme: light dark; }
body { margin: 0; background: #f5f6f8; font: 13px/1.45 system-ui, sans-serif; }
nav { padding: 12px 24px; background: #fff; border-bottom: 1px solid #dfe3e8; }
nav a { margin-right: 16px; color: #1b5cb8; font-weight: 600; }
.swagger-ui .topbar { display: none; }
.dark-mode body { background: #0f1216; }
.dark-mode nav { background: #171b21; border-color: #2b323b; }
.dark-mode nav a { color: #82b3ff; }
`;

const require = createRequire(import.meta.url);

const FILES: Readonly<Record<string, { type: string; path: string }>> = {
  'swagger-ui.css': { type: 'text/css', path: require.resolve('swagger-ui-dist/swagger-ui.css') },
  'swagger-ui-bundle.js': { type: 'text/javascript', path: require.resolve('swagger-ui-dist/swagger-ui-bundle.js') },
};

const OWN_FILES: Readonly<Record<string, { type: string; content: string }>> = {
  'page.js': { type: 'text/javascript', content: PAGE_SCRIPT },
  'page.css': { type: 'text/css', content: PAGE_STYLE },
  'runbooks.css': { type: 'text/css', content: RUNBOOKS_STYLE },
};

/** Allows only files of this service. Swagger UI sets styles on elements and has its images in the style sheet. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; object-src 'none'; frame-ancestors 'none'";

/** `GET /openapi.json`: returns the OpenAPI document of the service. It is created at the first request. */
export function showDocument({ config }: Service): Middleware<RequestState> {
  // Bytes, because all responses that wait for their clients share them.
  let document: Buffer | undefined;
  return (ctx) => {
    document ??= Buffer.from(JSON.stringify(createDocument(config)));
    ctx.type = 'application/json';
    ctx.body = document;
  };
}

/** `GET /docs`: returns the page that shows the document. */
export function showDocsPage(): Middleware<RequestState> {
  return (ctx) => {
    ctx.set('content-security-policy', CONTENT_SECURITY_POLICY);
    ctx.type = 'text/html';
    ctx.body = PAGE;
  };
}

/** `GET /docs/{file}`: returns a file of the pages. Those of Swagger UI come from an installed package. */
export function showDocsFile(): Middleware<RequestState> {
  // All responses that wait for their clients share the bytes of a file.
  const contents = new Map<string, Promise<Buffer>>();
  return async (ctx) => {
    const file = String(ctx['params'].file);
    const own = Object.hasOwn(OWN_FILES, file) ? OWN_FILES[file] : undefined;
    if (own) {
      ctx.type = own.type;
      ctx.body = own.content;
      return;
    }
    const found = Object.hasOwn(FILES, file) ? FILES[file] : undefined;
    if (!found) throw new Problem('route-not-found', 'The documentation has no such file.');
    const content = contents.get(file) ?? readFile(found.path);
    contents.set(file, content);
    ctx.body = await content.catch((error: unknown) => {
      contents.delete(file);
      throw error;
    });
    ctx.type = found.type;
    ctx.set('cache-control', 'max-age=86400');
  };
}
