import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { Problem } from '../../platform/problems.ts';
import { type RequestContext, recordRoute } from './context.ts';

/** How far past its limit a body is still read, so that the client is done sending when it is told. */
const DISCARD_FACTOR = 16;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads, parses and checks a JSON body.
 *
 * @param maxBytes a longer body is answered with 413
 * @throws {Problem} 400, 413, 415 or 422
 */
export async function readJson<S extends z.ZodType>(
  ctx: RequestContext,
  schema: S,
  maxBytes: number,
): Promise<z.output<S>> {
  checkMediaType(ctx);
  return checked(parseJson(await readBody(ctx, maxBytes)), schema);
}

/**
 * What a schema makes of a value.
 *
 * @throws {Problem} 422 that names each field which does not fit
 */
export function checked<S extends z.ZodType>(value: unknown, schema: S): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Problem('invalid-request', result.error.issues.map(describeIssue).join(' '));
}

function checkMediaType(ctx: RequestContext): void {
  const type = ctx.get('content-type');
  if (!/^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;|$)/i.test(type)) {
    const was = type === '' ? 'There is no content-type' : 'The content-type is not one for JSON';
    throw new Problem('unsupported-media-type', `${was}; send "application/json".`, { accept: 'application/json' });
  }
}

/**
 * Reads a body whole.
 *
 * @throws {Problem} 400, 413, or 415 where it is compressed
 */
export async function readBody(ctx: RequestContext, maxBytes: number): Promise<Uint8Array> {
  // Now: the client may go away before there is an answer, and the server span ends when it does.
  recordRoute(ctx);
  const encoding = ctx.get('content-encoding');
  if (encoding && encoding !== 'identity') {
    throw new Problem('unsupported-media-type', 'The body has a content encoding; send it without one.', {
      'accept-encoding': 'identity',
    });
  }
  return readBytes(ctx.req, maxBytes);
}

/** By events: an asynchronous iterator makes promises for every chunk, and most bodies are one. */
function readBytes(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let chunks: Uint8Array[] = [];
    let length = 0;
    let ended = false;
    const tooLarge = () => {
      ended = true;
      request.pause();
      reject(new Problem('body-too-large', `The body is larger than ${maxBytes} bytes, the most allowed.`));
    };
    const aborted = () => {
      if (ended) return;
      ended = true;
      reject(new Problem('request-aborted', 'The connection was closed before the body was complete.'));
    };
    if (Number(request.headers['content-length'] ?? 0) > maxBytes * DISCARD_FACTOR) {
      tooLarge();
      return;
    }
    request.on('data', (chunk: Uint8Array) => {
      length += chunk.length;
      if (length <= maxBytes) chunks.push(chunk);
      else if (length <= maxBytes * DISCARD_FACTOR) chunks = [];
      else if (!ended) tooLarge();
    });
    request.on('end', () => {
      if (ended) return;
      ended = true;
      if (length > maxBytes) tooLarge();
      else resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    });
    request.on('error', aborted);
    request.on('close', aborted);
  });
}

/**
 * Parses the bytes of a body.
 *
 * @throws {Problem} 400
 */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new Problem('malformed-json', 'The body is not UTF-8, the encoding of JSON.');
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    if (text.trim() === '') throw new Problem('malformed-json', 'The body is empty; a JSON object is expected.');
    // The parser's message quotes the body; its position is all that may be told.
    const position = error instanceof SyntaxError ? /position (\d+)/.exec(error.message)?.[1] : undefined;
    const where = position === undefined ? 'it ends too early or is not JSON at all' : `at character ${position}`;
    throw new Problem('malformed-json', `The body is not valid JSON: ${where}.`);
  }
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i ? '.' : ''}${String(key)}`))
    .join('');
  const subject = path === '' ? 'The body' : `"${path}"`;
  if (issue.code === 'unrecognized_keys') {
    return `${subject} has ${issue.keys.length} unknown ${issue.keys.length === 1 ? 'field' : 'fields'}.`;
  }
  return `${subject} ${issue.message}.`;
}
