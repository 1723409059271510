import { createHash } from 'node:crypto';
import { z } from 'zod';
import { SIGNATURE_FILE, SignatureError } from './bundle.ts';

const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
const PREDICATE_TYPE = 'https://model_signing/signature/v1.0';

/** The maximum number of files of a version. */
export const MAX_FILES = 10_000;

const MAX_PATH_LENGTH = 4_096;

/** The digests of files by their paths, relative to the folder of the version and with `/`. In hexadecimal. */
export type FileDigests = ReadonlyMap<string, string>;

/** The content of a signed statement. */
export interface SignedFiles {
  readonly digests: FileDigests;
  /** Paths of files and folders that are not signed. */
  readonly ignoredPaths: readonly string[];
}

const path = z.string().min(1).max(MAX_PATH_LENGTH);
const digits = z.string('must be a digest').regex(/^[0-9a-f]{64}$/, 'must be a digest');

const statementSchema = z.object({
  _type: z.literal(STATEMENT_TYPE, 'must be a statement of in-toto, version 1'),
  subject: z.array(z.object({ digest: z.object({ sha256: digits }) })).length(1, 'must be one model'),
  predicateType: z.literal(PREDICATE_TYPE, 'must be a signature of model signing, version 1.0'),
  predicate: z.object({
    serialization: z.object({
      method: z.literal('files', 'must be "files"'),
      hash_type: z.literal('sha256', 'must be "sha256"'),
      ignore_paths: z.array(path).max(MAX_FILES).default([]),
    }),
    resources: z
      .array(z.object({ name: path, algorithm: z.literal('sha256', 'must be "sha256"'), digest: digits }))
      .max(MAX_FILES),
  }),
});

/**
 * Writes the statement about the files of a version: an in-toto statement whose subject is the digest of all digests.
 *
 * @param name the name of the version, which is informative
 */
export function formatStatement(name: string, digests: FileDigests): Buffer {
  const resources = [...digests]
    .sort(([a], [b]) => comparePaths(a, b))
    .map(([file, digest]) => ({ name: file, algorithm: 'sha256', digest }));
  const statement = {
    _type: STATEMENT_TYPE,
    subject: [{ name, digest: { sha256: digestOfAll(resources) } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      serialization: {
        method: 'files',
        hash_type: 'sha256',
        allow_symlinks: false,
        ignore_paths: [SIGNATURE_FILE],
      },
      resources,
    },
  };
  return Buffer.from(JSON.stringify(statement, null, 2));
}

/**
 * Reads a statement. Its signature must have been verified.
 *
 * @throws {SignatureError} if it is of another kind, or contradicts itself
 */
export function parseStatement(payload: Buffer): SignedFiles {
  let json: unknown;
  try {
    json = JSON.parse(payload.toString());
  } catch {
    throw new SignatureError('its signed statement is not JSON');
  }
  const { success, data, error } = statementSchema.safeParse(json);
  if (!success) {
    const { path: place, message } = error.issues[0]!;
    throw new SignatureError(`its signed statement cannot be used: ${place.join('.') || 'it'} ${message}`);
  }
  const { resources, serialization } = data.predicate;
  const digests = new Map(resources.map(({ name, digest }) => [name, digest]));
  if (digests.size !== resources.length) throw new SignatureError('its signed statement names a file twice');
  if (digestOfAll(resources) !== data.subject[0]!.digest.sha256) {
    throw new SignatureError(
      'its signed statement contradicts itself: the digests of the files are not those of the model',
    );
  }
  return { digests, ignoredPaths: serialization.ignore_paths };
}

/** Returns the digest of the digests of files, in their order. */
function digestOfAll(resources: readonly { readonly digest: string }[]): string {
  const all = createHash('sha256');
  for (const { digest } of resources) all.update(digest, 'hex');
  return all.digest('hex');
}

/** Compares paths folder by folder, as model-signing orders them. */
function comparePaths(a: string, b: string): number {
  const [as, bs] = [a.split('/'), b.split('/')];
  const at = as.findIndex((part, index) => part !== bs[index]);
  if (at === -1) return as.length - bs.length;
  const other = bs[at];
  return other === undefined || as[at]! > other ? 1 : -1;
}
