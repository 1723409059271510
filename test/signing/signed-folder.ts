import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createSigner, signFolder } from '../../src/signing/signer.ts';
import { createVerifier, readTrust } from '../../src/signing/verifier.ts';

/** The keys, certificates and folders that PyPI's model-signing has signed. */
const FIXTURES = join(import.meta.dirname, '../fixtures/signing');

export const fixture = (name: string) => join(FIXTURES, name);

/** Returns a pair of keys of the curve P-256. */
export function newKeys(): { privateKey: KeyObject; publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** Returns a copy of a signed folder, which is removed after the test. */
export async function copyOf(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-signing-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await cp(fixture(name), folder, { recursive: true });
  return folder;
}

/** Signs a copy of a folder with a new key. Returns the copy, the key, and a verifier that trusts the key. */
export async function signedCopy() {
  const folder = await copyOf('by-key');
  const { privateKey, publicKey } = newKeys();
  await signFolder(folder, createSigner(privateKey));
  return { folder, privateKey, publicKey, verifier: createVerifier({ publicKeys: [publicKey], certificates: [] }) };
}

/** Verifies all files of a folder with the trusted files of the fixtures. Returns the signer, or the reason of a refusal. */
export async function verifyWith(folder: string, ...trusted: string[]): Promise<string> {
  const verifier = createVerifier(await readTrust(trusted.map(fixture)));
  return verifier.open(folder, []).then(
    ({ signedBy }) => signedBy,
    (error: Error) => error.message,
  );
}

/** Changes the JSON of a signature, without signing it again. */
export async function changeSignature(folder: string, change: (bundle: Record<string, never>) => void): Promise<void> {
  const file = join(folder, 'model.sig');
  const bundle = JSON.parse(await readFile(file, 'utf8')) as Record<string, never>;
  change(bundle);
  await writeFile(file, JSON.stringify(bundle));
}
