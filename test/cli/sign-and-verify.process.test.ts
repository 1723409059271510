import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { smallModels } from '../models/small-models.ts';
import { fixture } from '../signing/signed-folder.ts';
import { runCli } from './run-cli.ts';

let models: string;

beforeAll(async () => {
  models = await smallModels('1', '2');
});
afterAll(() => rm(models, { recursive: true }));

const sign = (...args: string[]) => runCli('sign', ['--models', models, ...args]);
const verify = (...args: string[]) => runCli('verify', ['--models', models, ...args]);

describe('sign, then verify', () => {
  test('a key signs the latest version, and its public key verifies it', async () => {
    const signed = await sign('--model', 'spam', '--private-key', fixture('key-private.pem'));
    expect(signed).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Signed the 2 files of .*spam\/2 with the key \w+\n$/),
    });
    const verified = await verify('--model', 'spam', '--public-key', fixture('key-public.pem'));
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringMatching(/^spam@2 is signed by the key \w+\n$/) });
    const facts = {
      model: 'spam',
      version: '2',
      folder: join(models, 'spam/2'),
      signedBy: expect.stringMatching(/^key /),
    };
    const signedAgain = await sign('--model', 'spam', '--private-key', fixture('key-private.pem'), '--json');
    expect(JSON.parse(signedAgain.stdout)).toEqual({ ...facts, files: 2 });
    const verifiedAgain = await verify('--model', 'spam', '--public-key', fixture('key-public.pem'), '--json');
    expect(JSON.parse(verifiedAgain.stdout)).toEqual(facts);
    const other = await verify('--model', 'spam@2', '--public-key', fixture('other-key-public.pem'));
    expect(other).toMatchObject({ code: 65, stderr: expect.stringContaining('a key that is not trusted') });
  });

  test('a certificate signs, and its root verifies it', async () => {
    const certificates = [
      '--signing-certificate',
      fixture('signer.pem'),
      '--certificate-chain',
      fixture('intermediate.pem'),
    ];
    const signed = await sign('--model', 'spam@1', '--private-key', fixture('signer-private.pem'), ...certificates);
    expect(signed).toMatchObject({ code: 0, stdout: expect.stringContaining('certificate CN=signer') });
    expect(await verify('--model', 'spam@1', '--certificate-chain', fixture('root.pem'))).toMatchObject({ code: 0 });
    const stranger = await verify('--model', 'spam@1', '--certificate-chain', fixture('stranger-root.pem'));
    expect(stranger).toMatchObject({ code: 65, stderr: expect.stringContaining('none of them has issued it') });
  });

  test('a renamed version is refused, signed or not', async () => {
    await rename(join(models, 'spam/1'), join(models, 'spam/7'));
    const verified = await verify('--model', 'spam@7', '--certificate-chain', fixture('root.pem'));
    expect(verified).toMatchObject({ code: 65, stderr: expect.stringContaining('calls it spam@1') });
    const signed = await sign('--model', 'spam@7', '--private-key', fixture('key-private.pem'));
    expect(signed).toMatchObject({ code: 65, stderr: expect.stringContaining('calls it spam@1') });
  });

  test('a damaged version is not signed', async () => {
    const weights = join(models, 'spam/2/weights.bin');
    const bytes = await readFile(weights);
    bytes[0]! ^= 1;
    await writeFile(weights, bytes);
    const signed = await sign('--model', 'spam@2', '--private-key', fixture('key-private.pem'));
    expect(signed).toMatchObject({ code: 65, stderr: expect.stringContaining('damaged') });
  });

  test.each([
    ['sign', ['--model', 'spam'], /--private-key is missing/, 64],
    ['sign', ['--model', 'spam', '--private-key', 'a', '--certificate-chain', 'b'], /needs --signing-certificate/, 64],
    ['sign', ['--model', 'nothing', '--private-key', 'a'], /holds no such model/, 64],
    ['sign', ['--model', 'spam@99', '--private-key', 'a'], /there is no such version; there are: 2, 7/, 65],
    ['verify', ['--model', 'spam@99', '--public-key', 'a'], /there is no such version; there are: 2, 7/, 65],
    ['verify', ['--model', 'spam'], /--public-key or --certificate-chain is missing/, 64],
    ['verify', ['--model', 'spam', '--public-key', '/nowhere'], /cannot be read: ENOENT/, 65],
  ] as const)('%s %j explains its mistake', async (command, args, message, code) => {
    const result = await runCli(command, ['--models', models, ...args]);
    expect(result).toMatchObject({ code, stderr: expect.stringMatching(message) });
  });
});
