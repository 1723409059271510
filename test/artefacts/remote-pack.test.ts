import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readArtefact, readContent, writeArtefact } from '../../src/artefacts/artefact.ts';
import type { RemoteModel } from '../../src/artefacts/remote-pack.ts';
import { chatModel, oipModel, packRemoteVersion } from '../runtimes/remote/remote-versions.ts';

async function write(model: RemoteModel, change: (manifest: Record<string, unknown>) => void = () => {}) {
  const folder = join(await mkdtemp(join(tmpdir(), 'waymark-remote-')), 'mail/1');
  const { manifest, bytes } = packRemoteVersion(model, 'mail', '1');
  const changed = structuredClone(manifest) as unknown as Record<string, unknown>;
  change(changed);
  await writeArtefact(folder, changed as unknown as typeof manifest, bytes);
  return folder;
}

const models = [oipModel('http://127.0.0.1:1'), chatModel('https://llm.example/v1')];

describe('a version behind an endpoint', () => {
  test.each(models)('is read as it was written ($remote.protocol)', async (model) => {
    const { manifest, content } = await readContent(await write(model));
    expect(manifest).toMatchObject({ format: 4, algorithm: 'remote' });
    expect(content).toEqual(model);
  });

  test('is not read where no endpoint can be asked', async () => {
    await expect(readArtefact(await write(models[0]!))).rejects.toThrow('it needs an encoder or an endpoint');
  });

  test('has weights of its own for each endpoint', () => {
    const digests = [oipModel('http://a.example'), oipModel('http://b.example'), ...models].map(
      (model) => packRemoteVersion(model, 'mail', '1').manifest.weights.sha256,
    );
    expect(new Set(digests).size).toBe(digests.length);
  });

  test('with another endpoint in its manifest than in its weights is damaged', async () => {
    const folder = await write(models[0]!, (manifest) => {
      Object.assign(manifest['remote'] as object, { url: 'http://elsewhere.example' });
    });
    await expect(readContent(folder)).rejects.toThrow('it is not that of the endpoint in the manifest');
  });

  test.each(['ftp://a.example', 'https://user:secret@a.example', 'a.example'])(
    'cannot have the address %s',
    async (url) => {
      await expect(write(oipModel(url))).rejects.toThrow('it cannot be stored');
    },
  );

  test('cannot describe a label that it does not have', async () => {
    const model = chatModel('https://llm.example/v1');
    const folder = await write({ ...model, remote: { ...model.remote, descriptions: { eggs: 'food' } } });
    await expect(readContent(folder)).rejects.toThrow('have a label that the model does not have');
  });
});
