import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPemFile } from '../../../src/signing/keys.ts';
import { createSigner, signFolder } from '../../../src/signing/signer.ts';
import { post } from '../../http/in-process.ts';
import { type Folders, hasEnded, prepareFolders, serve, startRetraining, waitForJob } from './retrain-service.ts';

/** Prepares a service that needs signatures. Returns the file of the private key too. */
async function prepareSigned(): Promise<{ folders: Folders; signingKey: string }> {
  const { models, data, env } = await prepareFolders(60);
  const [keys, signingKey] = [join(models, '../public.pem'), join(models, '../private.pem')];
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(keys, publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(signingKey, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await signFolder(join(models, 'mail/1'), createSigner(privateKey));
  return { folders: { models, data, env: { ...env, MODEL_SIGNATURE_KEYS: keys } }, signingKey };
}

test('a retrained version is signed with the key of the service, and becomes shadow', async () => {
  const { folders, signingKey } = await prepareSigned();
  const service = await serve({ ...folders, env: { ...folders.env, MODEL_SIGNING_KEY: signingKey } });
  const ended = await waitForJob(service, await startRetraining(service), hasEnded);
  expect(ended).toMatchObject({ state: 'succeeded', version: '2' });
  const model = (await (await fetch(`${service.url}/models/mail`)).json()) as object;
  const { signedBy } = createSigner((await readPemFile(signingKey)).privateKeys[0]!);
  expect(model).toMatchObject({ shadow: '2', refused: [], versions: [{ version: '2', signedBy }, { version: '1' }] });
  expect(service.lines.filter(({ msg }) => msg === 'model refused')).toEqual([]);
}, 60_000);

test('a retraining whose version could not be used is not started, and the answer says why', async () => {
  const { folders } = await prepareSigned();
  const service = await serve(folders);
  const response = await post(`${service.url}/models/mail/retrain`, {});
  expect(response.status).toBe(409);
  expect(await response.json()).toMatchObject({
    type: 'urn:waymark:problem:retrain-not-configured',
    detail: expect.stringMatching(/needs signed versions.*no key.*MODEL_SIGNING_KEY.*npm run sign/),
  });
});
