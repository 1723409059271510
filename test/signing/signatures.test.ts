import { createHash, sign } from 'node:crypto';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatBundle, parseBundle, signedBytes } from '../../src/signing/bundle.ts';
import { hintOf } from '../../src/signing/keys.ts';
import { createSigner, signFolder } from '../../src/signing/signer.ts';
import { parseStatement } from '../../src/signing/statement.ts';
import { createVerifier, type SignatureVerifier } from '../../src/signing/verifier.ts';
import { changeSignature, copyOf, fixture, newKeys, signedCopy, verifyWith } from './signed-folder.ts';

const outcome = (verifier: SignatureVerifier, folder: string) =>
  verifier.open(folder, []).then(
    ({ signedBy }) => signedBy,
    (error: Error) => error.message,
  );

describe('a signature of Waymark', () => {
  test('is accepted with its key, and names it', async () => {
    const { folder, publicKey, verifier } = await signedCopy();
    expect(await outcome(verifier, folder)).toBe(`key ${hintOf(publicKey).slice(0, 16)}`);
  });

  test.each<[string, (folder: string) => Promise<unknown>, RegExp]>([
    [
      'a flipped bit',
      async (folder) => {
        const bytes = await readFile(join(folder, 'weights.bin'));
        bytes[100]! ^= 1;
        await writeFile(join(folder, 'weights.bin'), bytes);
      },
      /"weights.bin" is not as it was signed/,
    ],
    ['an added file', (folder) => writeFile(join(folder, 'extra.json'), '{}'), /"extra.json" is not signed/],
    [
      'an added file in a new folder',
      async (folder) => {
        await mkdir(join(folder, 'a/b'), { recursive: true });
        await writeFile(join(folder, 'a/b/.hidden'), '');
      },
      /"a\/b\/.hidden" is not signed/,
    ],
    ['a removed file', (folder) => rm(join(folder, 'notes/origin.txt')), /signed file "notes\/origin.txt" is missing/],
    [
      'a renamed file',
      (folder) => rename(join(folder, 'weights.bin'), join(folder, 'weights2.bin')),
      /"weights2.bin" is not signed/,
    ],
    [
      'files that changed places',
      async (folder) => {
        await rename(join(folder, 'weights.bin'), join(folder, 'x'));
        await rename(join(folder, 'manifest.json'), join(folder, 'weights.bin'));
        await rename(join(folder, 'x'), join(folder, 'manifest.json'));
      },
      /"\w+.\w+" is not as it was signed/,
    ],
    ['no signature', (folder) => rm(join(folder, 'model.sig')), /is not signed: it has no model.sig/],
    ['an empty signature', (folder) => writeFile(join(folder, 'model.sig'), ''), /model.sig is not JSON/],
    ['another JSON', (folder) => writeFile(join(folder, 'model.sig'), '{}'), /not a Sigstore bundle/],
    ['a link to a folder', (folder) => symlink('/tmp', join(folder, 'link')), /neither a file nor a folder/],
  ])('is refused after %s', async (_, attack, reason) => {
    const { folder, verifier } = await signedCopy();
    await attack(folder);
    expect(await outcome(verifier, folder)).toMatch(reason);
  });

  test('is refused with another key, also under the hint of the trusted one', async () => {
    const { folder, publicKey } = await signedCopy();
    const trusted = newKeys();
    const verifier = createVerifier({ publicKeys: [trusted.publicKey], certificates: [] });
    expect(await outcome(verifier, folder)).toMatch(/key that is not trusted/);
    const signer = createSigner(newKeys().privateKey);
    await signFolder(folder, {
      ...signer,
      sign: (...args) => signer.sign(...args).replace(/"hint":"\w+"/, `"hint":"${hintOf(trusted.publicKey)}"`),
    });
    expect(await outcome(verifier, folder)).toMatch(/signature is not valid/);
    expect(await outcome(createVerifier({ publicKeys: [publicKey], certificates: [] }), folder)).toMatch(/not trusted/);
  });

  test('without a hint is tried with every key', async () => {
    const { folder, publicKey } = await signedCopy();
    await changeSignature(folder, ({ verificationMaterial }) => Object.assign(verificationMaterial, { publicKey: {} }));
    const verifier = createVerifier({ publicKeys: [newKeys().publicKey, publicKey], certificates: [] });
    expect(await outcome(verifier, folder)).toMatch(/^key /);
  });

  test('is checked on the bytes that are used, where the caller reads a file itself', async () => {
    const { folder, verifier } = await signedCopy();
    const signed = await verifier.open(folder, ['weights.bin']);
    await writeFile(join(folder, 'weights.bin'), 'replaced after the check');
    const bytes = Buffer.from(await readFile(join(folder, 'weights.bin')));
    await expect(signed.check('weights.bin', bytes)).rejects.toThrow('is not as it was signed');
    await expect(signed.check('never-signed', bytes)).rejects.toThrow('is not as it was signed');
    const manifest = Buffer.from(await readFile(join(folder, 'manifest.json')));
    await expect(signed.check('manifest.json', manifest)).resolves.toBeUndefined();
  });
});

describe('a statement', () => {
  const digest = 'a'.repeat(64);
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: '1', digest: { sha256: 'ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb' } }],
    predicateType: 'https://model_signing/signature/v1.0',
    predicate: {
      serialization: { method: 'files', hash_type: 'sha256', allow_symlinks: false },
      resources: [{ name: 'a', algorithm: 'sha256', digest }],
    },
  };
  const reasonOf = (change: (copy: typeof statement) => unknown): string => {
    const copy = structuredClone(statement);
    change(copy);
    try {
      return `accepted ${[...parseStatement(Buffer.from(JSON.stringify(copy))).digests.keys()].join()}`;
    } catch (error) {
      return (error as Error).message;
    }
  };

  test.each<[string, (copy: typeof statement) => unknown, RegExp]>([
    ['nothing', () => {}, /contradicts itself/],
    ['another type', (copy) => Object.assign(copy, { _type: 'x' }), /_type must be a statement of in-toto/],
    [
      'another predicate',
      (copy) => Object.assign(copy, { predicateType: 'x' }),
      /predicateType must be a signature of model signing/,
    ],
    ['shards', (copy) => Object.assign(copy.predicate.serialization, { method: 'shards' }), /method must be "files"/],
    [
      'another hash',
      (copy) => Object.assign(copy.predicate.serialization, { hash_type: 'blake3' }),
      /hash_type must be "sha256"/,
    ],
    ['a file twice', (copy) => void copy.predicate.resources.push(copy.predicate.resources[0]!), /names a file twice/],
    ['two models', (copy) => void copy.subject.push(copy.subject[0]!), /must be one model/],
  ])('is refused with %s', (_, change, reason) => {
    expect(reasonOf(change)).toMatch(reason);
  });

  test('that ignores the weights does not make them signed', async () => {
    const folder = await copyOf('by-key');
    const { privateKey, publicKey } = newKeys();
    const { payload } = parseBundle(await readFile(join(folder, 'model.sig'), 'utf8'));
    const changed = JSON.parse(payload.toString()) as typeof statement;
    const { predicate, subject } = changed;
    predicate.resources = predicate.resources.filter(({ name }) => name !== 'weights.bin');
    const all = createHash('sha256');
    for (const resource of predicate.resources) all.update(resource.digest, 'hex');
    subject[0]!.digest.sha256 = all.digest('hex');
    Object.assign(predicate.serialization, { ignore_paths: ['model.sig', 'weights.bin'] });
    const forged = Buffer.from(JSON.stringify(changed));
    const signature = sign('sha256', signedBytes(forged), privateKey);
    await writeFile(join(folder, 'model.sig'), formatBundle({ payload: forged, signature }));
    const verifier = createVerifier({ publicKeys: [publicKey], certificates: [] });
    const signed = await verifier.open(folder, ['manifest.json', 'weights.bin']);
    await expect(signed.check('weights.bin', Buffer.from('anything'))).rejects.toThrow('not as it was signed');
  });
});

describe('a signature of model-signing', () => {
  test.each([
    ['by-key', 'key-public.pem'],
    ['by-p384', 'p384-public.pem'],
    ['by-p521', 'p521-public.pem'],
  ])('%s is accepted with its key, and refused with another one', async (name, trusted) => {
    expect(await verifyWith(fixture(name), trusted)).toMatch(/^key [0-9a-f]{16}$/);
    expect(await verifyWith(fixture(name), 'other-key-public.pem')).toMatch(/not trusted/);
  });

  test('by a certificate is accepted with its root, its intermediate, or itself', async () => {
    for (const trusted of ['root.pem', 'intermediate.pem', 'signer.pem']) {
      expect(await verifyWith(fixture('by-certificate'), trusted)).toBe('certificate CN=signer');
    }
    expect(await verifyWith(fixture('by-certificate'), 'stranger-root.pem')).toMatch(/none of them has issued it/);
    expect(await verifyWith(fixture('by-certificate'), 'key-public.pem')).toMatch(/none of them has issued it/);
  });

  test('is refused with a changed payload', async () => {
    const folder = await copyOf('by-key');
    await changeSignature(folder, ({ dsseEnvelope }: Record<string, { payload: string }>) => {
      const payload = Buffer.from(dsseEnvelope!.payload, 'base64').toString().replace('weights.bin', 'weights.bip');
      dsseEnvelope!.payload = Buffer.from(payload).toString('base64');
    });
    expect(await verifyWith(folder, 'key-public.pem')).toMatch(/signature is not valid/);
  });

  test('without a key is refused, and the reason says what to do', async () => {
    const folder = await copyOf('by-key');
    await changeSignature(folder, (bundle) => {
      Object.assign(bundle, { verificationMaterial: { certificate: { rawBytes: 'AAAA' }, tlogEntries: [] } });
    });
    expect(await verifyWith(folder, 'key-public.pem')).toMatch(/keyless.*sign with a key or a certificate/);
  });
});
