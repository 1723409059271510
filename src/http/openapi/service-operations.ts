import { z } from 'zod';
import type { Operation } from './operation.ts';

const landing = z.object({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  links: z.record(z.string(), z.string()).meta({ description: 'Paths of this service, and URLs, by name' }),
});

/** The operations for people and probes: links, health, documentation. */
export const serviceOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/',
    id: 'showLinks',
    tag: 'Service',
    summary: 'Returns the console for browsers, and the links of the service as JSON for other clients',
    description: 'Metrics have a port of their own. The 404 of `/metrics` names it.',
    response: {
      description: 'The links',
      schema: landing,
      type: 'text/html',
      example: {
        name: 'waymark',
        version: '0.1.0',
        description: 'A text-classification service',
        links: { docs: '/docs', models: '/models', ready: '/readyz', metrics: 'http://127.0.0.1:9464/metrics' },
      },
    },
    problems: [],
  },
  {
    method: 'get',
    path: '/console/{file}',
    id: 'showConsoleFile',
    tag: 'Service',
    summary: 'Returns a file of the console',
    parameters: [
      {
        name: 'file',
        in: 'path',
        description: 'A file of the console',
        schema: z.enum(['console.js', 'console.css', 'icon.svg']),
        example: 'console.css',
      },
    ],
    response: { description: 'The file', type: '*/*' },
    problems: ['route-not-found'],
  },
  {
    method: 'get',
    path: '/livez',
    id: 'live',
    tag: 'Service',
    summary: 'Answers if the process is alive',
    description: 'There are no routes `/health` and `/healthz`. Their 404 names this route and `/readyz`.',
    response: {
      description: 'The process is alive',
      schema: z.object({ status: z.literal('live') }),
      example: { status: 'live' },
    },
    problems: [],
  },
  {
    method: 'get',
    path: '/readyz',
    id: 'ready',
    tag: 'Service',
    summary: 'Answers 200 if the service accepts requests, otherwise 503',
    response: {
      description: 'The service is ready',
      schema: z.object({
        status: z.literal('ready'),
        degraded: z
          .array(z.string())
          .optional()
          .meta({ description: 'One sentence for each part that does not work, and that predictions do not need' }),
      }),
      example: { status: 'ready' },
    },
    problems: ['not-ready'],
  },
  {
    method: 'get',
    path: '/openapi.json',
    id: 'describe',
    tag: 'Service',
    summary: 'Returns this document',
    response: { description: 'OpenAPI 3.1', schema: z.looseObject({ openapi: z.string() }) },
    problems: [],
  },
  {
    method: 'get',
    path: '/docs',
    id: 'showDocumentation',
    tag: 'Service',
    summary: 'Returns this document as a page to read and try',
    response: { description: 'The page', type: 'text/html' },
    problems: [],
  },
  {
    method: 'get',
    path: '/docs/runbooks',
    id: 'showRunbooks',
    tag: 'Service',
    summary: 'Returns the runbooks of the alerts as a page',
    response: { description: 'The page', type: 'text/html' },
    problems: [],
  },
  {
    method: 'get',
    path: '/docs/{file}',
    id: 'showDocumentationFile',
    tag: 'Service',
    summary: 'Returns a file of these pages',
    parameters: [
      {
        name: 'file',
        in: 'path',
        description: 'A file of a page',
        schema: z.enum(['page.js', 'page.css', 'runbooks.css', 'swagger-ui.css', 'swagger-ui-bundle.js']),
        example: 'page.js',
      },
    ],
    response: { description: 'The file', type: '*/*' },
    problems: ['route-not-found'],
  },
];
