import { generateKeyPairSync } from 'node:crypto';
import { cp, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Manifest } from '../../src/artefacts/manifest.ts';
import { type ModelRegistry, openRegistry } from '../../src/models/registry.ts';
import { ConfigError } from '../../src/platform/config.ts';
import { createSigner, type Signer, signFolder } from '../../src/signing/signer.ts';
import { createVerifier } from '../../src/signing/verifier.ts';
import { createLog } from '../../src/telemetry/logs/log.ts';
import { serve } from '../http/in-process.ts';
import { failingStart, startProcess } from '../support/service-process.ts';
import { smallModels, writeSmallVersion } from './small-models.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signer: Signer = createSigner(privateKey);
const verifier = createVerifier({ publicKeys: [publicKey], certificates: [] });

/** Creates a models folder with signed versions of a small model `spam`. */
async function signedModels(...versions: string[]): Promise<string> {
  const models = await smallModels(...versions);
  onTestFinished(() => rm(models, { recursive: true, force: true }));
  for (const version of versions) await signFolder(join(models, 'spam', version), signer);
  return models;
}

/** Writes the public key, or the private one, to a file outside of the models folder. */
async function keyFile(isPrivate = false): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-keys-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'key.pem');
  const pem = isPrivate
    ? privateKey.export({ type: 'pkcs8', format: 'pem' })
    : publicKey.export({ type: 'spki', format: 'pem' });
  await writeFile(file, pem);
  return file;
}

async function open(folder: string) {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  const registry = await openRegistry({ folder, log, verifier, pollMs: 3_600_000 });
  onTestFinished(() => registry.close());
  return { ...registry, lines };
}

describe('a registry that needs signatures', () => {
  test('loads versions that are signed, and knows the signer', async () => {
    const registry = await open(await signedModels('1', '2'));
    const { active, versions } = registry.models().get('spam')!;
    expect([active.version, active.signedBy, versions.length]).toEqual(['2', signer.signedBy, 2]);
    expect(registry.refused()).toEqual([]);
  });

  test.each<[string, string, RegExp, (folder: string) => Promise<unknown>]>([
    [
      'one flipped bit in the weights',
      'signature',
      /"weights.bin" is not as it was signed/,
      (folder) => flip(folder, 'weights.bin'),
    ],
    [
      'one flipped bit in the manifest',
      'signature',
      /"manifest.json" is not as it was signed/,
      (folder) => flip(folder, 'manifest.json'),
    ],
    [
      'one flipped bit in the signature',
      'signature',
      /signature is not valid|model.sig|statement/,
      (folder) => flip(folder, 'model.sig', 700),
    ],
    ['an added file', 'signature', /"extra" is not signed/, (folder) => writeFile(join(folder, 'extra'), '')],
    ['a removed signature', 'unsigned', /it is not signed/, (folder) => rm(join(folder, 'model.sig'))],
    [
      'the signature of another version',
      'signature',
      /not as it was signed/,
      (folder) => cp(join(folder, '../1/model.sig'), join(folder, 'model.sig')),
    ],
  ])('refuses a version with %s, and says so', async (_, kind, reason, attack) => {
    const models = await signedModels('1', '2');
    await attack(join(models, 'spam/2'));
    const registry = await open(models);
    expect(
      registry
        .models()
        .get('spam')!
        .versions.map(({ version }) => version),
    ).toEqual(['1']);
    expect(registry.refused()).toEqual([
      { model: 'spam', version: '2', kind, reason: expect.stringMatching(reason) as string },
    ]);
    const refusals = registry.lines.filter(({ msg }) => msg === 'model refused');
    expect(refusals).toMatchObject([
      { 'classifier.model.version': '2', 'exception.message': expect.stringMatching(reason) },
    ]);
    const attribution = { actor: 'test', reason: '' };
    await expect(registry.change('spam', { action: 'activate', version: '2' }, attribution)).rejects.toThrow(reason);
  });

  test('refuses a renamed version and a renamed model, although their signatures are valid', async () => {
    const models = await signedModels('1', '2');
    await rename(join(models, 'spam/2'), join(models, 'spam/3'));
    await cp(join(models, 'spam/1'), join(models, 'ham/1'), { recursive: true });
    const registry = await open(models);
    expect([...registry.models().keys()]).toEqual(['spam']);
    expect(
      registry
        .refused()
        .map(({ model, version, kind }) => `${model}@${version} ${kind}`)
        .sort(),
    ).toEqual(['ham@1 damaged', 'spam@3 damaged']);
    await rm(join(models, 'ham'), { recursive: true });
    await rm(join(models, 'spam/3'), { recursive: true });
    await registry.refresh();
    expect(registry.refused()).toEqual([]);
  });

  test('follows a version that is signed later, and notices a file that is added later', async () => {
    const models = await signedModels('1');
    await writeSmallVersion(models, 'spam', '2');
    const registry = await open(models);
    expect(registry.refused()).toMatchObject([{ version: '2', kind: 'unsigned' }]);
    await signFolder(join(models, 'spam/2'), signer);
    await registry.refresh();
    expect(registry.refused()).toEqual([]);
    expect(registry.models().get('spam')!.active.version).toBe('2');
    await writeFile(join(models, 'spam/2/extra'), '');
    await registry.refresh();
    // A verified version stays in memory.
    expect(registry.models().get('spam')!.active.version).toBe('2');
    expect(registry.refused()).toMatchObject([{ version: '2', kind: 'signature' }]);
  });

  test('does not look at the files beside the versions', async () => {
    const models = await signedModels('1', '2');
    await writeFile(join(models, 'spam/policy.json'), '{}');
    const registry = await open(models);
    await registry.change('spam', { action: 'activate', version: '1' }, { actor: 'test', reason: '' });
    expect(registry.models().get('spam')!.active.version).toBe('1');
    expect(registry.refused()).toEqual([]);
  });
});

describe('a version without a role, of which only the manifest is in memory,', () => {
  const versionsOf = ({ models }: ModelRegistry) => models().get('spam')!.versions;
  const find = (registry: ModelRegistry, version: string) =>
    versionsOf(registry).find((candidate) => candidate.version === version)!;

  test('is listed with its signer, and not loaded', async () => {
    const registry = await open(await signedModels('1', '2', '3', '4'));
    expect(versionsOf(registry).map(({ version, signedBy }) => [version, signedBy])).toEqual(
      ['4', '3', '2', '1'].map((version) => [version, signer.signedBy]),
    );
    expect(registry.isInMemory(find(registry, '1'))).toBe(false);
    expect(await registry.use(find(registry, '1'))).toMatchObject({ version: '1', signedBy: signer.signedBy });
  });

  test.each<[string, string, RegExp, (folder: string) => Promise<unknown>]>([
    [
      'one flipped bit in the manifest',
      'signature',
      /"manifest.json" is not as it was/,
      (folder) => flip(folder, 'manifest.json'),
    ],
    ['an added file', 'signature', /"extra" is not signed/, (folder) => writeFile(join(folder, 'extra'), '')],
    ['a removed signature', 'unsigned', /it is not signed/, (folder) => rm(join(folder, 'model.sig'))],
    [
      'truncated weights',
      'signature',
      /"weights.bin" is not as it was/,
      (folder) => truncate(join(folder, 'weights.bin'), 100),
    ],
    ['missing weights', 'signature', /"weights.bin" is missing/, (folder) => rm(join(folder, 'weights.bin'))],
  ])('is not listed with %s', async (_, kind, reason, attack) => {
    const models = await signedModels('1', '2', '3', '4');
    await attack(join(models, 'spam/1'));
    const registry = await open(models);
    expect(versionsOf(registry).map(({ version }) => version)).toEqual(['4', '3', '2']);
    expect(registry.refused()).toMatchObject([{ version: '1', kind, reason: expect.stringMatching(reason) }]);
    expect(registry.isRefused({ name: 'spam', version: '1' })).toBe(true);
    expect(registry.isRefused({ name: 'spam', version: '2' })).toBe(false);
  });

  test('is refused in the background if its weights are not the signed ones', async () => {
    const models = await signedModels('1', '2', '3', '4');
    await flip(join(models, 'spam/1'), 'weights.bin');
    const registry = await open(models);
    await vi.waitFor(() => expect(registry.refused()).toHaveLength(1), { timeout: 10_000 });
    expect(registry.refused()).toMatchObject([
      { version: '1', kind: 'signature', reason: 'the file "weights.bin" is not as it was signed' },
    ]);
    await registry.refresh();
    expect(versionsOf(registry).map(({ version }) => version)).toEqual(['4', '3', '2']);
  });

  test('is not listed if its signed manifest has the digest of other weights than the signature', async () => {
    const models = await signedModels('1', '2', '3', '4');
    const folder = join(models, 'spam/1');
    const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as Manifest;
    manifest.weights.sha256 = '0'.repeat(64);
    await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
    await signFolder(folder, signer);
    const registry = await open(models);
    expect(registry.refused()).toMatchObject([{ version: '1', kind: 'signature', reason: /weights.bin/ }]);
  });

  test.each<[string, (folder: string) => Promise<unknown>]>([
    ['weights', (folder) => flip(folder, 'weights.bin')],
    ['manifest', (folder) => flip(folder, 'manifest.json')],
    ['signature', (folder) => flip(folder, 'model.sig', 700)],
    ['list of files', (folder) => writeFile(join(folder, 'extra'), '')],
  ])('is verified again when a request names it: its %s', async (_, attack) => {
    const models = await signedModels('1', '2', '3', '4');
    const registry = await open(models);
    await attack(join(models, 'spam/1'));
    expect(await registry.use(find(registry, '1'))).toBeUndefined();
    expect(registry.refused()).toMatchObject([{ version: '1', kind: 'signature' }]);
    expect(registry.lines.filter(({ msg }) => msg === 'model refused')).toHaveLength(1);
  });
});

describe('a service that needs signatures', () => {
  test('lists refused versions in GET /models and in the metrics, and names the signer of the others', async () => {
    const models = await signedModels('1', '2', '3', '4', '5');
    await flip(join(models, 'spam/5'), 'weights.bin');
    await flip(join(models, 'spam/1'), 'manifest.json');
    const service = await startProcess({ MODELS_DIR: models, MODEL_SIGNATURE_KEYS: await keyFile() });
    onTestFinished(() => service.kill());
    const refused = ['5', '1'].map((version) => ({ model: 'spam', version, kind: 'signature' }));
    const list = (await (await fetch(`${service.url}/models`)).json()) as object;
    expect(list).toMatchObject({
      models: [
        {
          versions: [
            { version: '4', signedBy: signer.signedBy, loaded: true },
            { version: '3', signedBy: signer.signedBy, loaded: true },
            { version: '2', signedBy: signer.signedBy, loaded: false },
          ],
        },
      ],
      refused,
    });
    expect(await (await fetch(`${service.url}/models/spam`)).json()).toMatchObject({ active: '4', refused });
    const metrics = await (await fetch(service.metricsUrl)).text();
    for (const version of ['5', '1']) {
      expect(metrics).toMatch(
        new RegExp(`^classifier_model_refused\\{model="spam",version="${version}",reason="signature"[^}]*\\} 1$`, 'm'),
      );
    }
  });

  test('does not start without a version of its default model that is signed, and says why', async () => {
    const settings = { MODELS_DIR: await smallModels('1'), MODEL_SIGNATURE_KEYS: await keyFile() };
    await expect(serve(settings)).rejects.toThrow(
      /DEFAULT_MODEL: "spam" cannot be used: of version 1, it is not signed/,
    );
  });

  test('does not take its keys from the models folder, nor a file without keys', async () => {
    const models = await signedModels('1');
    const inside = join(models, 'keys.pem');
    await cp(await keyFile(), inside);
    const { code, stderr } = await failingStart({ MODELS_DIR: models, MODEL_SIGNATURE_KEYS: inside });
    expect(code).toBe(78);
    expect(stderr).toMatch(
      /^MODEL_SIGNATURE_KEYS: ".*keys.pem" lies in MODELS_DIR; allowed: a PEM file outside of MODELS_DIR with EC public keys or certificates\n$/,
    );
    const missing = serve({ MODELS_DIR: models, MODEL_SIGNATURE_KEYS: '/nowhere/keys.pem' });
    await expect(missing).rejects.toThrow(/MODEL_SIGNATURE_KEYS: .* cannot be used: .*ENOENT/);
    const withSecret = serve({ MODELS_DIR: models, MODEL_SIGNATURE_KEYS: await keyFile(true) });
    await expect(withSecret).rejects.toThrow(/holds a private key/);
  });

  test('does not start with a signing key whose versions it would refuse', async () => {
    const other = join(await mkdtemp(join(tmpdir(), 'waymark-keys-')), 'other.pem');
    const { privateKey: otherKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await writeFile(other, otherKey.export({ type: 'pkcs8', format: 'pem' }));
    const settings = { MODELS_DIR: await signedModels('1'), MODEL_SIGNATURE_KEYS: await keyFile() };
    const start = serve({ ...settings, MODEL_SIGNING_KEY: other });
    await expect(start).rejects.toThrow(
      /MODEL_SIGNING_KEY: .* signs versions that MODEL_SIGNATURE_KEYS does not accept/,
    );
    await expect(start).rejects.toThrow(ConfigError);
  });
});

/** Flips one bit of a file. */
async function flip(folder: string, file: string, at = 100): Promise<void> {
  const bytes = await readFile(join(folder, file));
  bytes[at]! ^= 1;
  await writeFile(join(folder, file), bytes);
}
