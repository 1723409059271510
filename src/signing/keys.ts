import { createHash, createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readRegularFile } from '../platform/regular-file.ts';

/** The maximum size of a file of keys and certificates. */
const MAX_BYTES = 1024 * 1024;

/** The hash of a signature by the curve of its key, as Sigstore's specification sets it. */
const hashes = { prime256v1: 'sha256', secp384r1: 'sha384', secp521r1: 'sha512' } as const;

/** A file of keys or certificates that cannot be used. The message never quotes the file. */
export class KeyFileError extends Error {
  override name = 'KeyFileError';
}

/** The content of a PEM file. */
export interface PemFile {
  readonly publicKeys: readonly KeyObject[];
  readonly privateKeys: readonly KeyObject[];
  readonly certificates: readonly X509Certificate[];
}

/**
 * Reads the keys and certificates of a PEM file.
 *
 * @throws {KeyFileError} if the file cannot be read, or a part of it cannot be used
 */
export async function readPemFile(path: string): Promise<PemFile> {
  const text = await readRegularFile(path, MAX_BYTES).catch((error: NodeJS.ErrnoException) => {
    throw new KeyFileError(`${path} cannot be read: ${error.code ?? error.message}`);
  });
  return parsePem(text.toString('latin1'), path);
}

/**
 * Parses the keys and certificates in a text. Text between them is skipped, as PEM allows.
 *
 * @throws {KeyFileError} if a part cannot be used
 */
export function parsePem(text: string, path: string): PemFile {
  const content = {
    publicKeys: [] as KeyObject[],
    privateKeys: [] as KeyObject[],
    certificates: [] as X509Certificate[],
  };
  for (const [pem, label] of text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g)) {
    try {
      if (label === 'CERTIFICATE') content.certificates.push(new X509Certificate(pem));
      else if (label === 'PUBLIC KEY') content.publicKeys.push(requireCurve(createPublicKey(pem)));
      else if (label?.endsWith('PRIVATE KEY')) content.privateKeys.push(requireCurve(createPrivateKey(pem)));
    } catch (error) {
      if (error instanceof KeyFileError) throw new KeyFileError(`${path} ${error.message}`);
      // The message of the library can name parts of the key.
      throw new KeyFileError(`${path} holds a ${label?.toLowerCase()} that cannot be read`);
    }
  }
  return content;
}

function requireCurve(key: KeyObject): KeyObject {
  if (hashOf(key) === undefined) {
    throw new KeyFileError('holds a key of another kind than EC with the curve P-256, P-384 or P-521');
  }
  return key;
}

/** Returns the name of the hash that signatures of a key use, or `undefined` if model signing does not use such keys. */
export function hashOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  if (asymmetricKeyType !== 'ec') return undefined;
  const curve = asymmetricKeyDetails?.namedCurve;
  return Object.entries(hashes).find(([name]) => name === curve)?.[1];
}

/** Returns the hint at a public key in a bundle: the SHA-256 of its PEM in hexadecimal. */
export function hintOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'pem' }))
    .digest('hex');
}
