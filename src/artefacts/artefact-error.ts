import { FileTimeoutError } from '../platform/regular-file.ts';
import { SignatureError } from '../signing/bundle.ts';

/** A stored version whose files cannot be used. A version of the same name from before can still be in memory. */
export interface RefusedVersion {
  readonly model: string;
  readonly version: string;
  /** `unsigned`: a signature is needed and missing. `signature`: it does not fit. `damaged`: any other reason. */
  readonly kind: SignatureError['kind'] | 'damaged';
  /** Completes "the version cannot be used: ". */
  readonly reason: string;
}

/** A version of a model that cannot be read or written. The message names the folder and the reason. */
export class ArtefactError extends Error {
  override name = 'ArtefactError';
  /** The reason without the folder, for clients. */
  readonly reason: string;
  /** True if the files could not be read now. They may be intact. */
  readonly isTransient: boolean;

  constructor(folder: string, reason: string, options: ErrorOptions & { isTransient?: boolean } = {}) {
    super(`${folder}: ${reason}`, options);
    this.reason = reason;
    this.isTransient = options.isTransient ?? false;
  }
}

/** Returns the kind of the reason in an error. A signature that could not be read now says nothing about the signer. */
export function refusalOf(error: unknown): RefusedVersion['kind'] {
  if (!(error instanceof ArtefactError) || error.isTransient) return 'damaged';
  return error.cause instanceof SignatureError ? error.cause.kind : 'damaged';
}

/** The errors of the file system that can end without a change of the file. */
const TRANSIENT_ERRORS: ReadonlySet<string | undefined> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EIO',
  'EAGAIN',
  'EBUSY',
]);

/** Returns the error for a file that could not be read. */
export function readError(folder: string, file: string, error: unknown): ArtefactError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code === 'ENOENT' ? 'is missing' : `cannot be read: ${code ?? message}`;
  return new ArtefactError(folder, `${file} ${reason}`, { cause: error, isTransient: isTransient(error) });
}

/** Does a part of the verification of a signature. @throws {ArtefactError} with the error as its cause */
export async function signatureChecked<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = error instanceof SignatureError ? message : `it cannot be read: ${code ?? message}`;
    const origin = error instanceof SignatureError ? error.cause : error;
    throw new ArtefactError(folder, reason, { cause: error, isTransient: isTransient(origin) });
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof FileTimeoutError || TRANSIENT_ERRORS.has((error as NodeJS.ErrnoException | undefined)?.code);
}
