import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { runCli } from '../../cli/run-cli.ts';
import { smallModels } from '../../models/small-models.ts';
import { fixture } from '../../signing/signed-folder.ts';
import { startProcess } from '../../support/service-process.ts';
import { pythonPrograms } from './environment.ts';

const run = promisify(execFile);
const programs = await pythonPrograms('requirements-signing.txt');

const byKey = {
  sign: ['--private-key', fixture('key-private.pem')],
  verify: {
    waymark: ['--public-key', fixture('key-public.pem')],
    python: ['key', '--public-key', fixture('key-public.pem')],
  },
};
const certificates = [
  '--signing-certificate',
  fixture('signer.pem'),
  '--certificate-chain',
  fixture('intermediate.pem'),
];
const byCertificate = {
  sign: ['--private-key', fixture('signer-private.pem'), ...certificates],
  verify: {
    waymark: ['--certificate-chain', fixture('root.pem')],
    python: ['certificate', '--certificate-chain', fixture('root.pem')],
  },
};

describe.skipIf(programs === undefined)('model-signing of PyPI', () => {
  let models: string;
  let folder: string;
  const python = (command: string, [method = '', ...rest]: readonly string[]) =>
    // The released version writes its options with underscores.
    run(join(programs!, 'model_signing'), [
      command,
      method,
      folder,
      '--signature',
      join(folder, 'model.sig'),
      ...rest.map((option) => (option.startsWith('--') ? `--${option.slice(2).replaceAll('-', '_')}` : option)),
    ]);

  beforeAll(async () => {
    models = await smallModels('1');
    folder = join(models, 'spam/1');
  });
  afterAll(() => rm(models, { recursive: true }));

  test.each([
    ['key', byKey],
    ['certificate', byCertificate],
  ])('verifies what Waymark signs by %s, and refuses it once it is changed', async (_, { sign, verify }) => {
    expect(await runCli('sign', ['--models', models, '--model', 'spam', ...sign])).toMatchObject({ code: 0 });
    expect((await python('verify', verify.python)).stdout).toContain('Verification succeeded');
    await writeFile(join(folder, 'extra'), '');
    await expect(python('verify', verify.python)).rejects.toThrow(/Extra files/);
    await rm(join(folder, 'extra'));
    const weights = join(folder, 'weights.bin');
    const intact = await readFile(weights);
    await writeFile(weights, intact.with(0, intact[0]! ^ 1));
    await expect(python('verify', verify.python)).rejects.toThrow(/Hash mismatch/);
    await writeFile(weights, intact);
  });

  test.each([
    ['key', byKey],
    ['certificate', byCertificate],
  ])('signs by %s what Waymark verifies, and a service serves', async (method, { sign, verify }) => {
    await python('sign', [method, ...sign]);
    expect(await runCli('verify', ['--models', models, '--model', 'spam', ...verify.waymark])).toMatchObject({
      code: 0,
    });
    const service = await startProcess({ MODELS_DIR: models, MODEL_SIGNATURE_KEYS: verify.waymark[1]! });
    onTestFinished(() => service.kill());
    const list = (await (await fetch(`${service.url}/models`)).json()) as object;
    expect(list).toMatchObject({
      models: [{ versions: [{ signedBy: expect.stringMatching(/^(?:key|certificate) /) }] }],
    });
  });
});
