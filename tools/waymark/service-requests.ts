import { readFile } from 'node:fs/promises';
import { UsageError } from '../../src/cli/usage.ts';

/** The service that a command calls. */
export interface ServiceOptions {
  readonly url: string;
  readonly tokenFile?: string | undefined;
}

/** The service did not do what a command asked for. */
export class ServiceError extends Error {
  override name = 'ServiceError';
}

/** The longest wait for an answer in milliseconds. A change of roles loads the version before it answers. */
const TIMEOUT_MS = 60_000;

const TOKEN = /^[\x21-\x7e]+$/;

async function readToken(file: string | undefined): Promise<string | undefined> {
  const source = file === undefined ? 'WAYMARK_TOKEN' : `--token-file ${JSON.stringify(file)}`;
  let token: string | undefined;
  try {
    token = file === undefined ? process.env['WAYMARK_TOKEN'] : (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new UsageError(`${source} cannot be read: ${(error as Error).message}`);
  }
  if (token === undefined || token === '') return undefined;
  if (TOKEN.test(token)) return token;
  throw new UsageError(`${source} is not a token; allowed: printable ASCII without spaces`);
}

/**
 * Sends one request to the service, and returns the JSON of its answer. It is not repeated: a second rollback would undo the
 * first.
 *
 * @param body the JSON to post; without it the request is a GET
 * @throws {ServiceError} with the URL, and the reason that the service gave
 */
export async function requestJson({ url, tokenFile }: ServiceOptions, path: string, body?: object): Promise<unknown> {
  if (!URL.canParse(url)) throw new UsageError(`--url is ${JSON.stringify(url)}; allowed: http://HOST:PORT`);
  const target = `${url.replace(/\/+$/, '')}${path}`;
  const token = await readToken(tokenFile);
  let response: Response;
  let text: string;
  try {
    response = await fetch(target, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await response.text();
  } catch (error) {
    const { message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
    throw new ServiceError(`${target}: no answer (${cause?.code ?? message}); "waymark serve" starts a service`);
  }
  const json = parseObject(text);
  if (response.ok && json !== undefined) return json;
  const detail = typeof json?.['detail'] === 'string' ? json['detail'] : 'the answer is not that of Waymark';
  const hint = response.status === 401 ? ' Set WAYMARK_TOKEN, or use --token-file.' : '';
  throw new ServiceError(`${target}: ${response.status}: ${detail}${hint}`);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
