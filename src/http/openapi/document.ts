import { z } from 'zod';
import packageJson from '../../../package.json' with { type: 'json' };
import type { Config } from '../../platform/config.ts';
import type { ProblemType } from '../../platform/problems.ts';
import { scopeOfRoute } from '../access/route-scopes.ts';
import type { Scope } from '../server/caller.ts';
import { isHealthCheck } from '../server/context.ts';
import type { RouteParameters } from '../server/unknown-names.ts';
import { feedbackOperations, feedbackSchemas } from './feedback-operations.ts';
import { inferenceOperations, inferenceSchemas } from './inference-operations.ts';
import { maintenanceOperations, maintenanceSchemas } from './maintenance-operations.ts';
import { modelOperations, modelSchemas } from './model-operations.ts';
import type { NamedSchemas, Operation, Parameter } from './operation.ts';
import { predictionOperations } from './prediction-operations.ts';
import { qualityOperations, qualitySchemas } from './quality-operations.ts';
import { recentOperations, recentSchemas } from './recent-operations.ts';
import { errorSchemas, headers, responsesOf } from './responses.ts';
import { retrainOperations, retrainSchemas } from './retrain-operations.ts';
import { serviceOperations } from './service-operations.ts';

/** The problems of every operation. */
const EVERY_PROBLEM = [
  'malformed-request',
  'host-not-allowed',
  'internal-error',
] as const satisfies readonly ProblemType[];

/** The problems of every operation that needs a token. */
const TOKEN_PROBLEMS = ['unauthorized', 'forbidden', 'too-many-requests'] as const satisfies readonly ProblemType[];

const TOKEN_SCHEME = {
  type: 'http',
  scheme: 'bearer',
  description:
    'A token of `API_TOKENS`, which has every scope, or of `API_TOKENS_FILE`. Each operation lists the scope that it needs: `predict`, `feedback`, `read` or `manage`.',
};

type Json = Record<string, unknown>;

/**
 * Creates the OpenAPI 3.1 document of the service, from the schemas that validate its requests. The document depends on
 * the settings: operations need a token only if `API_TOKENS` or `API_TOKENS_FILE` is set.
 */
export function createDocument({ API_TOKENS, API_TOKENS_FILE, MAX_BATCH_SIZE }: Config): Json {
  const hasTokens = API_TOKENS !== undefined || API_TOKENS_FILE !== undefined;
  const predictions = predictionOperations(MAX_BATCH_SIZE);
  const operations = allOperations(predictions.operations);
  const named: NamedSchemas = {
    ...predictions.schemas,
    ...feedbackSchemas,
    ...qualitySchemas,
    ...recentSchemas,
    ...modelSchemas,
    ...retrainSchemas,
    ...maintenanceSchemas,
    ...inferenceSchemas,
  };
  const requests = new Set(operations.map(({ request }) => request?.schema));
  const components = {
    ...convert(named, (schema) => requests.has(schema), 'input'),
    ...convert(named, (schema) => !requests.has(schema), 'output'),
  };
  const names = new Map(Object.entries(named).map(([name, schema]) => [schema, name]));
  const refTo = (io: 'input' | 'output') => (schema: unknown) => {
    const name = names.get(schema as z.ZodType);
    return name ? { $ref: `#/components/schemas/${name}` } : inline(schema as z.ZodType, io, named);
  };

  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const needed = scopeOfRoute(operation.method.toUpperCase(), routePath(operation.path));
    const scope = hasTokens && needed !== 'public' ? needed : undefined;
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method]: describe(operation, scope, refTo('input'), refTo('output')),
    };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Waymark',
      version: packageJson.version,
      summary: packageJson.description,
      description:
        'Every response has the id of its trace in `x-trace-id` and `traceresponse`. An incoming `traceparent` is continued. Predictions of a request with the `baggage` member `synthetic=true` are those of a load test and count neither for drift nor for quality (scope `manage`). Errors are problem details (RFC 9457); under `/v2` they have the form of the Open Inference Protocol.',
      license: { name: packageJson.license, identifier: packageJson.license },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { ...components, ...errorSchemas },
      headers,
      securitySchemes: { token: TOKEN_SCHEME },
    },
  };
}

function allOperations(predictions: readonly Operation[]): readonly Operation[] {
  return [
    ...predictions,
    ...feedbackOperations,
    ...qualityOperations,
    ...recentOperations,
    ...modelOperations,
    ...retrainOperations,
    ...maintenanceOperations,
    ...inferenceOperations,
    ...serviceOperations,
  ];
}

/**
 * Returns whether a route refuses unknown query parameters. Public routes do not, because browsers and probes add some, nor
 * does the Open Inference Protocol, which allows more.
 */
function hasStrictParameters({ method, path }: Operation): boolean {
  return scopeOfRoute(method.toUpperCase(), routePath(path)) !== 'public' && !path.startsWith('/v2');
}

/** Returns the query parameters of the routes that refuse unknown ones. */
export function queryParameters({ MAX_BATCH_SIZE }: Pick<Config, 'MAX_BATCH_SIZE'>): RouteParameters {
  const strict = allOperations(predictionOperations(MAX_BATCH_SIZE).operations).filter(hasStrictParameters);
  return new Map(
    strict.map(({ method, path, parameters = [] }) => [
      `${method.toUpperCase()} ${routePath(path)}`,
      parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name),
    ]),
  );
}

/** Converts the path of an operation to the notation of the router. */
function routePath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

function describe(
  operation: Operation,
  scope: Scope | undefined,
  requestRef: (schema: unknown) => unknown,
  responseRef: (schema: unknown) => unknown,
): Json {
  const { id, tag, summary, description, parameters = [], request } = operation;
  // Health checks need no token and have no limit.
  const commonProblems: ProblemType[] = [
    ...EVERY_PROBLEM,
    ...(isHealthCheck(operation) ? [] : (['overloaded'] as const)),
    ...(operation.method === 'get' ? [] : (['other-site'] as const)),
    ...(scope ? TOKEN_PROBLEMS : []),
    ...(hasStrictParameters(operation) && !operation.problems.includes('invalid-request')
      ? (['invalid-request'] as const)
      : []),
  ];
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description && { description }),
    ...(parameters.length > 0 && { parameters: parameters.map(describeParameter) }),
    ...(request && {
      requestBody: {
        required: !request.optional,
        content: {
          'application/json': {
            schema: requestRef(request.schema),
            examples: Object.fromEntries(Object.entries(request.examples).map(([name, value]) => [name, { value }])),
          },
          ...(request.binary && { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }),
        },
      },
    }),
    responses: responsesOf(operation, commonProblems, responseRef),
    security: scope ? [{ token: [scope] }] : [],
  };
}

function describeParameter({ schema, example, ...parameter }: Parameter): Json {
  return {
    ...parameter,
    required: parameter.in === 'path',
    ...(parameter.in === 'query' && { allowEmptyValue: true }),
    schema: inline(schema, 'input', {}),
    ...(example !== undefined && { example }),
  };
}

/** Converts the chosen schemas to JSON Schema, with references between them. */
function convert(named: NamedSchemas, isChosen: (schema: z.ZodType) => boolean, io: 'input' | 'output'): Json {
  const { schemas } = z.toJSONSchema(registryOf(named), { io, uri });
  const kept = Object.entries(schemas).filter(([name]) => isChosen(named[name]!));
  return Object.fromEntries(kept.map(([name, schema]) => [name, removeRoot(schema)]));
}

/** Converts one schema to JSON Schema, with references to the named schemas in it. */
function inline(schema: z.ZodType, io: 'input' | 'output', named: NamedSchemas): Json {
  const registry = registryOf(named).add(schema, { id: 'inline' });
  return removeRoot(z.toJSONSchema(registry, { io, uri }).schemas['inline'] ?? {});
}

function registryOf(named: NamedSchemas) {
  const registry = z.registry<{ id: string; description?: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  return registry;
}

function uri(name: string): string {
  return `#/components/schemas/${name}`;
}

/** Removes the dialect, which OpenAPI defines, and the id, to which references would be relative. */
function removeRoot({ $schema: _schema, $id: _id, ...schema }: Json): Json {
  return schema;
}
