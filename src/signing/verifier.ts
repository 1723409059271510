import { type KeyObject, verify, type X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { readRegularFile } from '../platform/regular-file.ts';
import { type Bundle, notAsSigned, parseBundle, SIGNATURE_FILE, SignatureError, signedBytes } from './bundle.ts';
import { verifyChain } from './certificates.ts';
import { digestOfBytes, digestOfFile, listSignedFiles } from './folder-files.ts';
import { hashOf, hintOf, KeyFileError, readPemFile } from './keys.ts';
import { describeCertificate, describeKey } from './signer.ts';
import { parseStatement } from './statement.ts';

/** The maximum size of a signature. One of a thousand files has a quarter of a megabyte. */
const MAX_SIGNATURE_BYTES = 8 * 1024 * 1024;

/** The keys and certificates whose signatures are accepted. */
export interface Trust {
  readonly publicKeys: readonly KeyObject[];
  /** Certificates of signers, or of authorities that issue them. */
  readonly certificates: readonly X509Certificate[];
}

/** A version whose signature is valid. */
export interface SignedVersion {
  /** Names the key or the certificate of the signer. */
  readonly signedBy: string;
  /**
   * Checks the bytes of a file that the caller has read.
   *
   * @throws {SignatureError} if the file is not signed, or the bytes are not the signed ones
   */
  check(file: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /**
   * Checks the SHA-256 that the caller expects of a file, in hexadecimal. The caller compares the content later.
   *
   * @throws {SignatureError} if the file is not signed, or has another digest
   */
  checkDigest(file: string, digest: string): void;
}

/** Verifies the signatures of versions. */
export interface SignatureVerifier {
  /**
   * Verifies the signature of a version's folder, the list of its files, and the content of all files but some.
   *
   * @param checkedLater files that the caller reads once, and checks with `check` or `checkDigest`. So no other process can
   *   replace a file between its verification and its use.
   * @throws {SignatureError} if the version is not signed by a trusted key, or its files are not the signed ones
   */
  open(folder: string, checkedLater: readonly string[]): Promise<SignedVersion>;
}

/**
 * Reads the trusted keys and certificates of PEM files.
 *
 * @throws {KeyFileError} if a file cannot be used, or holds a private key, or there are neither keys nor certificates
 */
export async function readTrust(paths: readonly string[]): Promise<Trust> {
  const files = await Promise.all(paths.map(readPemFile));
  const withSecret = paths.find((_, at) => files[at]!.privateKeys.length > 0);
  if (withSecret !== undefined) throw new KeyFileError(`${withSecret} holds a private key: public keys are enough`);
  const publicKeys = files.flatMap((file) => file.publicKeys);
  const certificates = files.flatMap((file) => file.certificates);
  if (publicKeys.length + certificates.length === 0) {
    throw new KeyFileError(`${paths.join(', ')} holds neither a public key nor a certificate`);
  }
  return { publicKeys, certificates };
}

/** Creates a verifier of signatures. */
export function createVerifier(trust: Trust): SignatureVerifier {
  return {
    async open(folder, checkedLater) {
      const bundle = parseBundle(await readSignature(folder));
      const signedBy = verifyBundle(bundle, trust);
      const { digests, ignoredPaths } = parseStatement(bundle.payload);
      const present = await listSignedFiles(folder, ignoredPaths);
      const added = present.find((file) => !digests.has(file));
      if (added !== undefined) throw new SignatureError(`the file ${JSON.stringify(added)} is not signed`);
      const missing = [...digests.keys()].find((file) => !present.includes(file));
      if (missing !== undefined) throw new SignatureError(`the signed file ${JSON.stringify(missing)} is missing`);
      const requireDigest = (file: string, digest: string) => {
        if (digests.get(file) !== digest) throw notAsSigned(file);
      };
      for (const file of present) {
        if (!checkedLater.includes(file)) requireDigest(file, await digestOfFile(join(folder, file)));
      }
      return {
        signedBy,
        async check(file, bytes) {
          requireDigest(file, await digestOfBytes(bytes));
        },
        checkDigest: requireDigest,
      };
    },
  };
}

async function readSignature(folder: string): Promise<string> {
  try {
    return (await readRegularFile(join(folder, SIGNATURE_FILE), MAX_SIGNATURE_BYTES)).toString();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new SignatureError(`it is not signed: it has no ${SIGNATURE_FILE}`, 'unsigned');
    throw new SignatureError(`${SIGNATURE_FILE} cannot be read: ${code ?? message}`, 'signature', { cause: error });
  }
}

/**
 * Verifies that a trusted key has signed a bundle. Returns the name of the key or certificate.
 *
 * @throws {SignatureError} if none has
 */
export function verifyBundle(bundle: Bundle, { publicKeys, certificates }: Trust): string {
  if (bundle.certificates) {
    const signer = verifyChain(bundle.certificates, certificates);
    if (isSignedWith(signer.publicKey, bundle)) return describeCertificate(signer);
  } else {
    // The hint is not signed, so it only tells a foreign key from a wrong signature.
    const { keyHint } = bundle;
    const hinted = keyHint === undefined ? publicKeys : publicKeys.filter((key) => hintOf(key) === keyHint);
    if (hinted.length === 0) throw new SignatureError('it is signed with a key that is not trusted');
    const signer = hinted.find((key) => isSignedWith(key, bundle));
    if (signer) return describeKey(signer);
  }
  throw new SignatureError('its signature is not valid');
}

function isSignedWith(publicKey: KeyObject, { payload, signature }: Bundle): boolean {
  return verify(hashOf(publicKey), signedBytes(payload), publicKey, signature);
}
