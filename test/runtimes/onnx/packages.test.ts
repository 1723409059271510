import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createEngines } from '../../../src/runtimes/onnx/engines.ts';

const message = 'an encoder needs the package onnxruntime-node, which is not installed: npm run runtimes -- install';

test('a missing package is one line that names the command', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'waymark-runtimes-'));
  const engines = createEngines(empty);
  const located: string[] = [];
  const open = () =>
    engines.open('key', async () => {
      located.push('read');
      throw new Error('the files were read');
    });
  await expect(open()).rejects.toMatchObject({ name: 'MissingRuntimeError', message });
  // It can be installed in the meantime.
  await expect(open()).rejects.toThrow(message);
  expect(located).toEqual([]);
});
