import { z } from 'zod';
import type { Operation } from './operation.ts';

/** Health, and the documentation itself. */
export const serviceOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/livez',
    id: 'live',
    tag: 'Service',
    summary: 'The process answers',
    response: {
      description: 'It is live',
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
    summary: 'Requests may be sent here',
    response: {
      description: 'It is ready',
      schema: z.object({ status: z.literal('ready') }),
      example: { status: 'ready' },
    },
    problems: ['not-ready'],
  },
  {
    method: 'get',
    path: '/openapi.json',
    id: 'describe',
    tag: 'Service',
    summary: 'This document',
    response: { description: 'OpenAPI 3.1', schema: z.looseObject({ openapi: z.string() }) },
    problems: [],
  },
  {
    method: 'get',
    path: '/docs',
    id: 'showDocumentation',
    tag: 'Service',
    summary: 'This document as a page to read and try',
    response: { description: 'The page', type: 'text/html' },
    problems: [],
  },
  {
    method: 'get',
    path: '/docs/{file}',
    id: 'showDocumentationFile',
    tag: 'Service',
    summary: 'What that page consists of',
    parameters: [
      {
        name: 'file',
        in: 'path',
        description: 'A file of the page',
        schema: z.enum(['page.js', 'swagger-ui.css', 'swagger-ui-bundle.js']),
        example: 'page.js',
      },
    ],
    response: { description: 'The file', type: '*/*' },
    problems: ['route-not-found'],
  },
];
