import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { SAFE_NAME } from '../../platform/safe-names.ts';
import { ANSWERS, SCOPES } from '../server/caller.ts';

/** The largest token file in bytes: about 50,000 tokens. */
const MAX_BYTES = 16 * 1024 * 1024;

const rate = z.number('must be a number').positive('must be above 0').optional();

const fields = z.strictObject(
  {
    name: z
      .string('must be a string')
      .regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/, 'must be 1 to 128 printable characters'),
    sha256: z
      .string('must be a string')
      .regex(/^[0-9a-f]{64}$/i, 'must be 64 hexadecimal digits')
      .transform((digits) => digits.toLowerCase()),
    scopes: z.array(z.enum(SCOPES, `must be one of ${SCOPES.join(', ')}`), 'must be a list of scopes'),
    models: z.array(z.string().regex(SAFE_NAME, 'must be the name of a model'), 'must be a list of names').optional(),
    expires: z.iso
      .datetime({ offset: true, error: 'must be a date-time such as 2030-01-31T00:00:00Z' })
      .transform((time) => Date.parse(time))
      .optional(),
    answers: z.enum(ANSWERS, `must be one of ${ANSWERS.join(', ')}`).default('scores'),
    requestsPerSecond: rate,
    charactersPerSecond: rate,
  },
  'must be an object without other fields than name, sha256, scopes, models, expires, answers, requestsPerSecond, charactersPerSecond',
);

const tokenSchema = fields.refine(({ answers, scopes }) => answers === 'scores' || !scopes.includes('explain'), {
  // The weights of an explanation tell the scores.
  error: 'must not limit the answers and have the scope explain',
  path: ['answers'],
});

const fileSchema = z.strictObject(
  { tokens: z.array(tokenSchema, 'must be a list of tokens') },
  'must be an object: {"tokens": [...]}',
);

/** A token of `API_TOKENS_FILE`. The file has the digest of the token, not the token. */
export type StoredToken = z.output<typeof tokenSchema>;

/** An error in a token file. The message never quotes the file. */
export class TokenFileError extends Error {
  override name = 'TokenFileError';
}

/**
 * Reads a token file.
 *
 * @throws {TokenFileError} if the file cannot be used
 */
export async function readTokenFile(path: string): Promise<StoredToken[]> {
  return parseTokenFile(await readText(path));
}

/**
 * Parses the text of a token file.
 *
 * @throws {TokenFileError} if the text is not one of a token file
 */
export function parseTokenFile(text: string): StoredToken[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new TokenFileError('the file is not JSON');
  }
  const { success, data, error } = fileSchema.safeParse(value);
  if (!success) {
    const { path, message, code } = error.issues[0]!;
    const subject = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
    // The messages of the schemas are fixed. That for unknown fields would quote their names.
    throw new TokenFileError(
      `${subject.replace(/^\./, '') || 'the file'} ${code === 'unrecognized_keys' ? 'has an unknown field' : message}`,
    );
  }
  requireUnique(data.tokens, 'name');
  requireUnique(data.tokens, 'sha256');
  return data.tokens;
}

async function readText(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new TokenFileError('there is no such file');
  if (!found.isFile()) throw new TokenFileError('it is not a regular file');
  if (found.size > MAX_BYTES) throw new TokenFileError(`the file is longer than ${MAX_BYTES} bytes`);
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new TokenFileError(`the file cannot be read (${error.code})`);
  });
}

function requireUnique(tokens: readonly StoredToken[], field: 'name' | 'sha256'): void {
  const seen = new Set<string>();
  for (const [index, token] of tokens.entries()) {
    if (seen.has(token[field])) throw new TokenFileError(`tokens[${index}].${field} occurs twice`);
    seen.add(token[field]);
  }
}
