import { inferenceError, Problem, type ProblemType, problemDetails, problemKinds } from '../../platform/problems.ts';
import type { Operation } from './operation.ts';

const traceHeaders = {
  traceresponse: { $ref: '#/components/headers/traceresponse' },
  'x-trace-id': { $ref: '#/components/headers/x-trace-id' },
};

/** The headers of every response. */
export const headers = {
  traceresponse: {
    description: 'The trace and the server span of the request (W3C Trace Context, level 2)',
    required: true,
    schema: { type: 'string', pattern: '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' },
  },
  'x-trace-id': {
    description: 'The id of the trace',
    required: true,
    schema: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  },
};

/** The schemas of errors: problem details, and errors of the inference protocol. */
export const errorSchemas = {
  ProblemDetails: {
    description: 'Problem details (RFC 9457)',
    type: 'object',
    properties: {
      type: { type: 'string', enum: Object.keys(problemKinds).map((type) => `urn:waymark:problem:${type}`) },
      title: { type: 'string' },
      status: { type: 'integer', minimum: 400, maximum: 599 },
      detail: { type: 'string', description: 'The fault, and the allowed values' },
      traceId: { type: 'string', pattern: '^[0-9a-f]{32}$' },
    },
    required: ['type', 'title', 'status', 'detail'],
    additionalProperties: false,
  },
  InferenceError: {
    description: 'An error of the Open Inference Protocol',
    type: 'object',
    properties: { error: { type: 'string' } },
    required: ['error'],
    additionalProperties: false,
  },
};

/**
 * Returns the responses of an operation: the success, and one for each status of its problems.
 *
 * @param commonProblems the problems of every operation
 * @param ref converts a schema to a reference, or to JSON Schema if it has no name
 */
export function responsesOf(
  operation: Operation,
  commonProblems: readonly ProblemType[],
  ref: (schema: unknown) => unknown,
) {
  const { status = 200, description, schema, example, type, binary } = operation.response;
  const json = schema && { 'application/json': { schema: ref(schema), ...(example !== undefined && { example }) } };
  const content = {
    ...json,
    ...(type && { [type]: { schema: { type: 'string' } } }),
    ...(binary && { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }),
  };
  const problems = [...new Set([...operation.problems, ...commonProblems])];
  const isInference = operation.path.startsWith('/v2');
  const statusOf = (kind: ProblemType) =>
    isInference ? inferenceError(new Problem(kind, '')).status : problemKinds[kind][0];
  const byStatus = Map.groupBy(problems, statusOf);
  const failures = [...byStatus]
    .sort(([a], [b]) => a - b)
    .map(([code, kinds]) => [code, describeFailure(kinds, isInference)]);
  return { [status]: { description, headers: traceHeaders, content }, ...Object.fromEntries(failures) };
}

function describeFailure(kinds: readonly ProblemType[], isInference: boolean) {
  const description = kinds.map((kind) => `${problemKinds[kind][1]} (\`${kind}\`)`).join('; ');
  const exampleOf = (kind: ProblemType) => {
    const problem = new Problem(kind, 'The fault, and the allowed values.');
    return isInference ? inferenceError(problem).body : problemDetails(problem, 'bb92fd999c489c169a13f46d0b9e45dc');
  };
  const examples = Object.fromEntries(kinds.map((kind) => [kind, { value: exampleOf(kind) }]));
  const schema = { $ref: `#/components/schemas/${isInference ? 'InferenceError' : 'ProblemDetails'}` };
  const type = isInference ? 'application/json' : 'application/problem+json';
  return { description, headers: traceHeaders, content: { [type]: { schema, examples } } };
}
