import { inferenceError, Problem, type ProblemType, problemDetails, problemKinds } from '../../platform/problems.ts';
import type { Operation } from './operation.ts';

const traceHeaders = {
  traceresponse: { $ref: '#/components/headers/traceresponse' },
  'x-trace-id': { $ref: '#/components/headers/x-trace-id' },
};

/** The headers that every response has. */
export const headers = {
  traceresponse: {
    description: 'W3C Trace Context level 2: the trace and the server span of this request',
    required: true,
    schema: { type: 'string', pattern: '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' },
  },
  'x-trace-id': {
    description: 'The trace id alone',
    required: true,
    schema: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  },
};

/** The schemas of errors: the service's own, and the inference protocol's. */
export const errorSchemas = {
  ProblemDetails: {
    description: 'RFC 9457',
    type: 'object',
    properties: {
      type: { type: 'string', enum: Object.keys(problemKinds).map((type) => `urn:waymark:problem:${type}`) },
      title: { type: 'string' },
      status: { type: 'integer', minimum: 400, maximum: 599 },
      detail: { type: 'string', description: 'What was wrong, and what is allowed' },
      traceId: { type: 'string', pattern: '^[0-9a-f]{32}$' },
    },
    required: ['type', 'title', 'status', 'detail'],
    additionalProperties: false,
  },
  InferenceError: {
    description: "The Open Inference Protocol's error",
    type: 'object',
    properties: { error: { type: 'string' } },
    required: ['error'],
    additionalProperties: false,
  },
};

/** The responses of an operation: the good one, and one for each status that a problem can have. */
export function responsesOf(
  operation: Operation,
  everywhere: readonly ProblemType[],
  ref: (schema: unknown) => unknown,
) {
  const { status = 200, description, schema, example, type, binary } = operation.response;
  const json = schema && { 'application/json': { schema: ref(schema), ...(example !== undefined && { example }) } };
  const content = {
    ...json,
    ...(type && { [type]: { schema: { type: 'string' } } }),
    ...(binary && { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }),
  };
  const problems = [...new Set([...operation.problems, ...everywhere])];
  const isInference = operation.path.startsWith('/v2');
  const statusOf = (kind: ProblemType) =>
    isInference ? inferenceError(new Problem(kind, '')).status : problemKinds[kind][0];
  const byStatus = Map.groupBy(problems, statusOf);
  const failures = [...byStatus].sort(([a], [b]) => a - b).map(([code, kinds]) => [code, failure(kinds, isInference)]);
  return { [status]: { description, headers: traceHeaders, content }, ...Object.fromEntries(failures) };
}

function failure(kinds: readonly ProblemType[], isInference: boolean) {
  const description = kinds.map((kind) => `${problemKinds[kind][1]} (\`${kind}\`)`).join('; ');
  const exampleOf = (kind: ProblemType) => {
    const problem = new Problem(kind, 'What was wrong, and what is allowed.');
    return isInference ? inferenceError(problem).body : problemDetails(problem, 'bb92fd999c489c169a13f46d0b9e45dc');
  };
  const examples = Object.fromEntries(kinds.map((kind) => [kind, { value: exampleOf(kind) }]));
  const schema = { $ref: `#/components/schemas/${isInference ? 'InferenceError' : 'ProblemDetails'}` };
  const type = isInference ? 'application/json' : 'application/problem+json';
  return { description, headers: traceHeaders, content: { [type]: { schema, examples } } };
}
