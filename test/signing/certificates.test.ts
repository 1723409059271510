import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { verifyChain } from '../../src/signing/certificates.ts';
import { KeyFileError, readPemFile } from '../../src/signing/keys.ts';
import { createSigner, readSigner, signFolder } from '../../src/signing/signer.ts';
import { readTrust } from '../../src/signing/verifier.ts';
import { copyOf, fixture, verifyWith } from './signed-folder.ts';

const certificate = (name: string) => new X509Certificate(readFileSync(fixture(`${name}.pem`)));

/** Verifies a chain against the root. Returns the subject of the signer, or the reason of a refusal. */
function outcome(chain: readonly string[], trusted: readonly string[] = ['root']): string {
  try {
    return verifyChain(
      chain.map((name) => certificate(name).raw),
      trusted.map(certificate),
    ).subject;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a chain of certificates', () => {
  test.each([
    [['signer', 'intermediate']],
    [['signer', 'intermediate', 'root']],
    [['signer', 'stranger-root', 'intermediate']],
  ])('%j leads to the root', (chain) => {
    expect(outcome(chain)).toBe('CN=signer');
  });

  test('of a certificate for code signing is accepted', () => {
    expect(outcome(['code-signer', 'intermediate'])).toBe('CN=code-signer');
  });

  test.each<[string, string[], string[]?]>([
    ['lacks the intermediate', ['signer']],
    ['leads to another root', ['signer', 'intermediate'], ['stranger-root']],
    ['brings its own root along', ['signer', 'intermediate', 'root'], ['stranger-root']],
    ['is longer than the path length allows', ['too-long', 'second-intermediate', 'intermediate']],
    ['has an issuer that is no authority', ['by-end-entity', 'end-entity', 'intermediate']],
    ['has an authority that had ended', ['after-the-end', 'ended-intermediate']],
    ['has an authority with a restriction that is not understood', ['by-limited', 'limited-intermediate']],
    ['has nothing that is trusted', ['signer', 'intermediate'], []],
  ])('that %s is refused', (_, chain, trusted) => {
    expect(outcome(chain, trusted)).toMatch(/none of them has issued it/);
  });

  test('of a certificate that may not sign is refused', () => {
    expect(outcome(['no-usage', 'intermediate'])).toMatch(/may not sign/);
  });

  test('that is damaged is refused', () => {
    expect(() => verifyChain([Buffer.from('no certificate')], [certificate('root')])).toThrow('cannot be read');
    const cut = certificate('signer').raw.subarray(0, 200);
    expect(() => verifyChain([cut], [certificate('root')])).toThrow('cannot be read');
  });
});

describe('files of keys', () => {
  test('a certificate of another key is refused', async () => {
    const { privateKeys } = await readPemFile(fixture('key-private.pem'));
    expect(() => createSigner(privateKeys[0]!, [certificate('signer')])).toThrow(KeyFileError);
  });

  test('a private key is no trusted key, and is not quoted', async () => {
    expect(await verifyWith(fixture('by-key'), 'key-private.pem').catch(String)).toMatch(/holds a private key: public/);
  });

  test('one file can hold keys and certificates, with text between them', async () => {
    const folder = await copyOf('by-certificate');
    const text = ['key-public', 'root']
      .map((name) => readFileSync(fixture(`${name}.pem`), 'utf8'))
      .join('# a comment\n');
    const file = join(await copyOf('by-key'), 'trusted.pem');
    await writeFile(file, text);
    const { publicKeys, certificates } = await readPemFile(file);
    expect([publicKeys.length, certificates.length]).toEqual([1, 1]);
    expect(await verifyWith(folder, 'root.pem')).toMatch(/^certificate/);
  });

  test.each([
    ['nothing', 'no PEM at all', /neither a public key nor a certificate/],
    ['a damaged key', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n', /public key that cannot be read/],
    [
      'a damaged certificate',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      /certificate that cannot/,
    ],
  ])('a file with %s is refused', async (_, text, reason) => {
    const file = join(await copyOf('by-key'), 'trusted.pem');
    await writeFile(file, text);
    await expect(readTrust([file])).rejects.toThrow(reason);
  });

  test('a key of another kind is refused', async () => {
    const file = join(await copyOf('by-key'), 'ed25519.pem');
    await writeFile(file, generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }));
    await expect(readPemFile(file)).rejects.toThrow(/another kind than EC/);
  });

  test('a file of a key, its certificate and its chain signs as the certificate', async () => {
    const folder = await copyOf('by-key');
    const file = join(await copyOf('by-key'), 'signer.pem');
    const names = ['signer-private', 'signer', 'intermediate'];
    await writeFile(file, names.map((name) => readFileSync(fixture(`${name}.pem`), 'utf8')).join(''));
    const signer = await readSigner(file);
    expect(await signFolder(folder, signer)).toBe(3);
    expect(await verifyWith(folder, 'root.pem')).toBe(signer.signedBy);
  });
});
