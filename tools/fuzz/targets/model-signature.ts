import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseBundle, SignatureError } from '../../../src/signing/bundle.ts';
import { KeyFileError, parsePem } from '../../../src/signing/keys.ts';
import { parseStatement } from '../../../src/signing/statement.ts';
import { verifyBundle } from '../../../src/signing/verifier.ts';

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const root = readFileSync(join(process.cwd(), 'test/fixtures/signing/stranger-root.pem'));
const trust = { publicKeys: [publicKey], certificates: [new X509Certificate(root)] };

function expected(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof SignatureError || error instanceof KeyFileError)) throw error;
  }
}

/** Reads the bytes as a signature, as its statement, and as a file of keys. */
export function fuzz(data: Buffer): void {
  expected(() => {
    verifyBundle(parseBundle(data.toString()), trust);
    throw new Error('a signature without the key was accepted');
  });
  expected(() => void parseStatement(data));
  expected(() => void parsePem(data.toString('latin1'), 'keys'));
}
