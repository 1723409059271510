import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Middleware } from 'koa';
import { Problem } from '../../platform/problems.ts';
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { createDocument } from './document.ts';

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Waymark: the API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/page.js"></script>
</body>
</html>
`;

const pageScript = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null });\n`;

const require = createRequire(import.meta.url);

const files: Readonly<Record<string, { type: string; path: string }>> = {
  'swagger-ui.css': { type: 'text/css', path: require.resolve('swagger-ui-dist/swagger-ui.css') },
  'swagger-ui-bundle.js': { type: 'text/javascript', path: require.resolve('swagger-ui-dist/swagger-ui-bundle.js') },
};

/** Nothing comes from elsewhere; the page's own library sets styles on elements and has its pictures in the style sheet. */
const contentPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/** `GET /openapi.json`: the description of this service, made when it is first asked for. */
export function openApi({ config }: Service): Middleware<RequestState> {
  let document: string | undefined;
  return (ctx) => {
    document ??= JSON.stringify(createDocument(config));
    ctx.type = 'application/json';
    ctx.body = document;
  };
}

/** `GET /docs`: the same as a page. */
export function docsPage(): Middleware<RequestState> {
  return (ctx) => {
    ctx.set('content-security-policy', contentPolicy);
    ctx.type = 'text/html';
    ctx.body = page;
  };
}

/** `GET /docs/{file}`: what the page consists of, from the installed packages. */
export function docsFile(): Middleware<RequestState> {
  return async (ctx) => {
    const file = String(ctx['params'].file);
    if (file === 'page.js') {
      ctx.type = 'text/javascript';
      ctx.body = pageScript;
      return;
    }
    const found = Object.hasOwn(files, file) ? files[file] : undefined;
    if (!found) throw new Problem('route-not-found', 'There is no such file of the documentation.');
    ctx.body = await readFile(found.path);
    ctx.type = found.type;
    ctx.set('cache-control', 'max-age=86400');
  };
}
