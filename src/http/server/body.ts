import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { Problem, type ProblemType } from '../../platform/problems.ts';
import { type Admission, overloaded } from './admission.ts';
import type { HeldBytes } from './byte-budget.ts';
import { type RequestContext, recordRoute } from './context.ts';
import { describeUnknown } from './unknown-names.ts';

/**
 * A body of up to 16 times its limit is read and discarded. Many clients read a response only after they have sent
 * their whole request.
 */
const DISCARD_FACTOR = 16;

const JSON_MEDIA_TYPE = /^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;|$)/i;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads, parses and validates a JSON body.
 *
 * @param maxBytes the maximum length of the body
 * @throws {Problem} 400, 413, 415 or 422
 */
export async function readJson<S extends z.ZodType>(
  ctx: RequestContext,
  schema: S,
  maxBytes: number,
): Promise<z.output<S>> {
  checkMediaType(ctx);
  return validate(parseJson(await readBody(ctx, maxBytes)), schema);
}

/** The maximum number of faults that a problem describes. Further ones are counted. */
const MAX_DESCRIBED = 10;

/**
 * Validates a value against a schema, and returns the schema's output.
 *
 * @throws {Problem} 422 with one sentence for each invalid field, and a count of those beyond the first ten
 */
export function validate<S extends z.ZodType>(value: unknown, schema: S): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { issues } = result.error;
  const sentences = issues.slice(0, MAX_DESCRIBED).map((issue) => describeIssue(issue, schema));
  const others = issues.length - sentences.length;
  if (others > 0) sentences.push(`There are ${others} more faults.`);
  throw new Problem(problemTypeOf(issues[0]), sentences.join(' '));
}

function problemTypeOf(issue: z.core.$ZodIssue | undefined): ProblemType {
  return (issue?.code === 'custom' && (issue.params?.['problem'] as ProblemType | undefined)) || 'invalid-request';
}

function checkMediaType(ctx: RequestContext): void {
  const type = ctx.get('content-type');
  if (!JSON_MEDIA_TYPE.test(type)) {
    const fault = type === '' ? 'The content-type is missing' : 'The content-type is not JSON';
    throw new Problem('unsupported-media-type', `${fault}; send "application/json".`, { accept: 'application/json' });
  }
}

/**
 * Reads a whole body.
 *
 * @param maxBytes the maximum length of the body
 * @throws {Problem} 400 if the connection closes, 413 if the body is too long, 415 if it is compressed, 503 if the service is
 *   full
 */
export async function readBody(ctx: RequestContext, maxBytes: number): Promise<Uint8Array> {
  // The server span ends when the client disconnects, which can happen before the routes have returned.
  recordRoute(ctx);
  const encoding = ctx.get('content-encoding');
  if (encoding && encoding !== 'identity') {
    throw new Problem('unsupported-media-type', 'The body has a content encoding; send it without one.', {
      'accept-encoding': 'identity',
    });
  }
  return readBytes(ctx.req, maxBytes, ctx.state.admission);
}

/** Reads by events. An asynchronous iterator creates promises for each chunk, and most bodies are one chunk. */
function readBytes(request: IncomingMessage, maxBytes: number, admission: Admission | undefined): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let chunks: Uint8Array[] = [];
    let length = 0;
    let ended = false;
    let held: HeldBytes | undefined;
    const rejectOverloaded = () => {
      ended = true;
      chunks = [];
      held?.end();
      request.pause();
      reject(overloaded('Too many bytes of requests are in memory.'));
    };
    const rejectTooLarge = () => {
      ended = true;
      held?.end();
      request.pause();
      reject(new Problem('body-too-large', `The body is longer than ${maxBytes} bytes, the maximum.`));
    };
    const rejectAborted = () => {
      if (ended) return;
      ended = true;
      chunks = [];
      held?.end();
      reject(new Problem('request-aborted', 'The connection was closed before the body was complete.'));
    };
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > maxBytes * DISCARD_FACTOR) {
      rejectTooLarge();
      return;
    }
    request.on('data', (chunk: Uint8Array) => {
      if (ended) return;
      length += chunk.length;
      if (length <= maxBytes) {
        chunks.push(chunk);
        // A body that arrives at once is not held for a slow client.
        if (!admission || (chunk.length === announced && !held)) return;
        held ??= admission.budget.hold(rejectOverloaded);
        held.add(chunk.length);
      } else if (length <= maxBytes * DISCARD_FACTOR) {
        chunks = [];
        held?.end();
      } else if (!ended) rejectTooLarge();
    });
    request.on('end', () => {
      if (ended) return;
      ended = true;
      if (length > maxBytes) {
        rejectTooLarge();
        return;
      }
      try {
        held?.end();
        admission?.complete(length);
        resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
      } catch (error) {
        reject(error);
      }
    });
    request.on('error', rejectAborted);
    request.on('close', rejectAborted);
  });
}

/**
 * Parses a body as JSON.
 *
 * @throws {Problem} 400 if it is not JSON in UTF-8
 */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new Problem('malformed-json', 'The body is not encoded in UTF-8.');
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    if (text.trim() === '') throw new Problem('malformed-json', 'The body is empty; send a JSON object.');
    // The message of the parser quotes the body, and a problem must not. Only the position is taken from it.
    const position = error instanceof SyntaxError ? /position (\d+)/.exec(error.message)?.[1] : undefined;
    const where = position === undefined ? 'it ends too early or is not JSON at all' : `error at character ${position}`;
    throw new Problem('malformed-json', `The body is not valid JSON: ${where}.`);
  }
}

function describeIssue(issue: z.core.$ZodIssue, schema: z.ZodType): string {
  const path = issue.path
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i ? '.' : ''}${String(key)}`))
    .join('');
  const subject = path === '' ? 'The body' : `"${path}"`;
  if (issue.code === 'unrecognized_keys') {
    const allowed = path === '' && 'shape' in schema ? Object.keys(schema.shape as object) : [];
    return `${subject} has ${describeUnknown(issue.keys, 'field', allowed)}.`;
  }
  return `${subject} ${issue.message}.`;
}
