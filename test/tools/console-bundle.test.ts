import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { expect, test } from 'vitest';
import { bundleConsole } from '../../tools/console-bundle.ts';

const ASSETS = join(import.meta.dirname, '../../src/http/console/assets');
const MAX_BYTES = 150 * 1024;
const MAX_COMPRESSED_BYTES = 60 * 1024;

test('the files of the console are those of its source (npm run build:console writes them)', async () => {
  const built = await bundleConsole();
  expect((await readdir(ASSETS)).toSorted()).toEqual([...built.keys()].toSorted());
  for (const [name, content] of built) {
    expect((await readFile(join(ASSETS, name), 'utf8')) === content, `${name} is current`).toBe(true);
  }
});

test('the console has at most 150 KB, and 60 KB compressed', async () => {
  let plain = 0;
  const compressed = { gzip: 0, brotli: 0 };
  for (const name of await readdir(ASSETS)) {
    const content = await readFile(join(ASSETS, name));
    plain += content.length;
    compressed.gzip += (await promisify(gzip)(content)).length;
    compressed.brotli += (await promisify(brotliCompress)(content)).length;
  }
  expect(plain).toBeLessThanOrEqual(MAX_BYTES);
  expect(compressed.gzip).toBeLessThanOrEqual(MAX_COMPRESSED_BYTES);
  expect(compressed.brotli).toBeLessThanOrEqual(MAX_COMPRESSED_BYTES);
});
