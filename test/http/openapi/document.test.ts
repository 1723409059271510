import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { createRouter } from '../../../src/http/app.ts';
import { createDocument } from '../../../src/http/openapi/document.ts';
import type { Service } from '../../../src/http/server/service.ts';
import { readConfig } from '../../../src/platform/config.ts';
import { post, shareServices } from '../in-process.ts';

const serve = shareServices();

interface Media {
  schema: object;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}
interface DocumentedOperation {
  operationId: string;
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content: Record<string, Media> }>;
  security: unknown[];
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, DocumentedOperation>>;
  components: object;
}

function documentWith(settings: Record<string, string> = {}): Document {
  return createDocument(readConfig(settings)) as unknown as Document;
}

const document = documentWith();
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
);

/** Returns the errors of a value against a schema of the document. */
function validationErrors(schema: object, value: unknown): unknown {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  const validate = ajv.compile({ ...schema, components: document.components });
  return validate(value) ? [] : validate.errors;
}

describe('the OpenAPI document', () => {
  test('is valid OpenAPI 3.1', async () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(await new Validator().validate({ ...createDocument(readConfig({})) })).toEqual({ valid: true });
  });

  test('has exactly the routes of the service', async () => {
    const router = createRouter({ config: readConfig({}) } as Service);
    const routes = router.stack.flatMap(({ methods, path }) =>
      methods
        .filter((method) => method !== 'HEAD')
        .map((method) => `${method} ${String(path).replace(/:(\w+)/g, '{$1}')}`),
    );
    expect(operations.map(({ name }) => name).sort()).toEqual(routes.sort());
  });

  test('gives each operation a unique id', () => {
    const names = operations.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each(operations)('$name has examples that fit their schemas', ({ operation }) => {
    const bodies = [operation.requestBody, ...Object.values(operation.responses)].flatMap((body) =>
      Object.values(body?.content ?? {}),
    );
    for (const { schema, example, examples = {} } of bodies) {
      const values = Object.values(examples).map(({ value }) => value);
      for (const value of example === undefined ? values : [...values, example]) {
        expect(validationErrors(schema, value)).toEqual([]);
      }
    }
  });

  test('requires a token if the service does, except for health', () => {
    const secured = documentWith({ API_TOKENS: 'secret' });
    expect(secured.paths['/predict']!['post']!.security).toEqual([{ token: ['predict'] }]);
    expect(secured.paths['/predict']!['post']!.responses).toMatchObject({ 401: {}, 403: {}, 429: {} });
    expect(secured.paths['/docs']!['get']!.security).toEqual([]);
    expect(secured.paths['/readyz']!['get']!.security).toEqual([]);
    expect(document.paths['/predict']!['post']!.responses).not.toHaveProperty('401');
  });

  test.each([
    ['/predict', '/predict?explain=true', { text: 'win money' }],
    ['/predict', '/predict', { txt: 'win money' }],
    ['/predict/batch', '/predict/batch', { texts: ['a', 'b'] }],
    ['/v2/models/{name}/infer', '/v2/models/spam/infer', { inputs: [] }],
    [
      '/v2/models/{name}/infer',
      '/v2/models/spam/infer',
      { inputs: [{ name: 'text', datatype: 'BYTES', shape: [1], data: ['a'] }] },
    ],
    ['/v2/repository/index', '/v2/repository/index', {}],
    ['/feedback', '/feedback', { id: 'forged', label: 'ham' }],
    ['/quality', '/quality?window=24h', undefined],
    ['/quality', '/quality?window=soon', undefined],
    ['/drift', '/drift', undefined],
    ['/models', '/models', undefined],
    ['/models/{name}', '/models/none', undefined],
    ['/v2/models/{name}', '/v2/models/spam', undefined],
  ])('describes the answer of %s', async (path, url, body) => {
    const service = await serve();
    const response = await (body === undefined ? fetch(service.url + url) : post(service.url + url, body));
    const operation = document.paths[path]![body === undefined ? 'get' : 'post']!;
    const [type = ''] = (response.headers.get('content-type') ?? '').split(';');
    const described = operation.responses[response.status]!.content[type]!;
    expect(validationErrors(described.schema, await response.json())).toEqual([]);
  });

  test('describes the answer to feedback', async () => {
    const { url } = await serve();
    const { id } = (await (await post(`${url}/predict`, { text: 'a' })).json()) as { id: string };
    const response = await post(`${url}/feedback`, { id, label: 'spam' });
    const described = document.paths['/feedback']!['post']!.responses['200']!.content['application/json']!;
    expect(validationErrors(described.schema, await response.json())).toEqual([]);
  });
});
