import { createPublicKey, type KeyObject, sign, type X509Certificate } from 'node:crypto';
import { basename, join } from 'node:path';
import { atomicWrite } from '../platform/atomic-write.ts';
import { formatBundle, SIGNATURE_FILE, signedBytes, type VerificationMaterial } from './bundle.ts';
import { digestOfFile, listSignedFiles } from './folder-files.ts';
import { hashOf, hintOf, KeyFileError, readPemFile } from './keys.ts';
import { type FileDigests, formatStatement } from './statement.ts';

/** Signs versions. */
export interface Signer {
  /** Names the key or the certificate, as the verification does. */
  readonly signedBy: string;
  /** Returns the content of the signature file for a version with these files. */
  sign(version: string, digests: FileDigests): string;
}

/**
 * Creates a signer.
 *
 * @param certificates the certificate of the key and those that lead to a trusted one, in this order; none to sign as a key
 * @throws {KeyFileError} if the first certificate is not the one of the key
 */
export function createSigner(privateKey: KeyObject, certificates: readonly X509Certificate[] = []): Signer {
  const publicKey = createPublicKey(privateKey);
  const [certificate] = certificates;
  if (certificate && !certificate.publicKey.equals(publicKey)) {
    throw new KeyFileError('the certificate is not the one of the private key');
  }
  const material: VerificationMaterial = certificate
    ? { certificates: certificates.map(({ raw }) => raw) }
    : { keyHint: hintOf(publicKey) };
  return {
    signedBy: certificate ? describeCertificate(certificate) : describeKey(publicKey),
    sign(version, digests) {
      const payload = formatStatement(version, digests);
      return formatBundle({
        ...material,
        payload,
        signature: sign(hashOf(privateKey), signedBytes(payload), privateKey),
      });
    },
  };
}

/**
 * Reads a signer from a PEM file with a private key, and with its certificate and chain if it shall sign as a certificate.
 *
 * @throws {KeyFileError} if the file cannot be used
 */
export async function readSigner(path: string): Promise<Signer> {
  const { privateKeys, certificates } = await readPemFile(path);
  if (privateKeys.length !== 1) throw new KeyFileError(`${path} holds ${privateKeys.length} private keys, not one`);
  try {
    return createSigner(privateKeys[0]!, certificates);
  } catch (error) {
    throw error instanceof KeyFileError ? new KeyFileError(`${path}: ${error.message}`) : error;
  }
}

/**
 * Signs the folder of a version, and replaces its former signature.
 *
 * @returns the number of signed files
 */
export async function signFolder(folder: string, signer: Signer): Promise<number> {
  const digests = new Map<string, string>();
  for (const file of await listSignedFiles(folder, [])) digests.set(file, await digestOfFile(join(folder, file)));
  await atomicWrite(join(folder, SIGNATURE_FILE), signer.sign(basename(folder), digests));
  return digests.size;
}

/** Names a public key: the start of its hint. */
export function describeKey(publicKey: KeyObject): string {
  return `key ${hintOf(publicKey).slice(0, 16)}`;
}

/** Names a certificate: its subject in one line. */
export function describeCertificate({ subject, fingerprint256 }: X509Certificate): string {
  return `certificate ${subject ? subject.replaceAll('\n', ', ') : fingerprint256}`;
}
