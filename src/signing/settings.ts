import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { type Config, ConfigError } from '../platform/config.ts';
import { Problem } from '../platform/problems.ts';
import { parseBundle, SignatureError } from './bundle.ts';
import type { SignatureVerifier } from './verifier.ts';

/** The settings of signatures, read. */
export interface Signatures {
  /** Verifies the versions; `undefined` if no signature is needed. */
  readonly verifier: SignatureVerifier | undefined;
  /** The file of the key that signs retrained versions; `undefined` if they are not signed. */
  readonly signingKey: string | undefined;
}

/**
 * Reads the files of `MODEL_SIGNATURE_KEYS` and `MODEL_SIGNING_KEY`. They must lie outside the models folder: otherwise who
 * can write there could also say whose signatures are accepted.
 *
 * @throws {ConfigError} if a file cannot be used, or the service would refuse the versions that it signs itself
 */
export async function readSignatures({
  MODEL_SIGNATURE_KEYS: keys,
  MODEL_SIGNING_KEY: signingKey,
  MODELS_DIR,
}: Pick<Config, 'MODEL_SIGNATURE_KEYS' | 'MODEL_SIGNING_KEY' | 'MODELS_DIR'>): Promise<Signatures> {
  if (keys === undefined && signingKey === undefined) return { verifier: undefined, signingKey };
  // Loaded when needed, because most services verify no signatures.
  const [{ readSigner }, { createVerifier, readTrust, verifyBundle }] = await Promise.all([
    import('./signer.ts'),
    import('./verifier.ts'),
  ]);
  const trust =
    keys === undefined ? undefined : await reading('MODEL_SIGNATURE_KEYS', keys, MODELS_DIR, () => readTrust([keys]));
  if (signingKey !== undefined) {
    await reading('MODEL_SIGNING_KEY', signingKey, MODELS_DIR, async () => {
      const signer = await readSigner(signingKey);
      if (trust) verifyBundle(parseBundle(signer.sign('', new Map())), trust);
    });
  }
  return { verifier: trust && createVerifier(trust), signingKey };
}

/**
 * Returns the file of the key that signs a retrained version, or `undefined` if it is not needed.
 *
 * @throws {Problem} if the version could not be used, because a signature is needed and the key is not set
 */
export function requireSigningKey({ verifier, signingKey }: Signatures): string | undefined {
  if (verifier === undefined || signingKey !== undefined) return signingKey;
  throw new Problem(
    'retrain-not-configured',
    'This service needs signed versions (MODEL_SIGNATURE_KEYS), and has no key to sign a new one. MODEL_SIGNING_KEY names its file; without it, train the version elsewhere, and sign it with "npm run sign".',
  );
}

async function reading<T>(setting: string, path: string, modelsFolder: string, read: () => Promise<T>): Promise<T> {
  const allowed = 'a PEM file outside of MODELS_DIR with';
  const kinds = setting === 'MODEL_SIGNING_KEY' ? 'an EC private key' : 'EC public keys or certificates';
  const refuse = (reason: string) =>
    new ConfigError(`${setting}: ${JSON.stringify(path)} ${reason}; allowed: ${allowed} ${kinds}`);
  if (await isInside(path, modelsFolder)) throw refuse('lies in MODELS_DIR');
  try {
    return await read();
  } catch (error) {
    // A signature that the service itself would refuse.
    if (error instanceof SignatureError) throw refuse('signs versions that MODEL_SIGNATURE_KEYS does not accept');
    throw refuse(`cannot be used: ${(error as Error).message}`);
  }
}

async function isInside(path: string, folder: string): Promise<boolean> {
  const [file, parent] = await Promise.all([path, folder].map((one) => realpath(one).catch(() => undefined)));
  return file !== undefined && parent !== undefined && file.startsWith(`${parent}${sep}`);
}
