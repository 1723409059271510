import type { Middleware } from 'koa';
import packageJson from '../../../../package.json' with { type: 'json' };
import { Problem } from '../../../platform/problems.ts';
import type { RequestState } from '../../server/context.ts';
import type { Service } from '../../server/service.ts';
import { isConsoleFile, sendConsoleFile } from './console-files.ts';
import { linksOf } from './links.ts';

/**
 * Allows only files and routes of this service: no inline code or style, no other address, no frame around the page. No
 * script may turn text into markup or code, because no policy of Trusted Types may be created.
 */
const CONSOLE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** `GET /`: returns the console for browsers, and the links of the service as JSON for other clients. */
export function showConsole({ config }: Service): Middleware<RequestState> {
  return async (ctx) => {
    ctx.vary('accept');
    if (ctx.accepts('json', 'html') === 'html') {
      ctx.set('content-security-policy', CONSOLE_POLICY);
      await sendConsoleFile(ctx, 'index.html');
      return;
    }
    const { name, version, description } = packageJson;
    const links = linksOf(config, ctx.hostname);
    ctx.body = { name, version, description, links: Object.fromEntries(links.map(({ name, href }) => [name, href])) };
  };
}

/** `GET /console/{file}`: returns a file of the console. */
export function showConsoleFile(): Middleware<RequestState> {
  return async (ctx) => {
    const file = String(ctx['params'].file);
    if (!isConsoleFile(file) || file === 'index.html') {
      throw new Problem('route-not-found', 'The console has no such file. GET / is the console.');
    }
    await sendConsoleFile(ctx, file);
  };
}
