import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { installPython, run } from '../../bench/harness/python-environment.ts';
import { downloadMiniLm } from '../../bench/models/encoder-weights.ts';
import { createRandom } from '../../src/classifier/learning/random.ts';
import { readSetting } from '../../src/platform/config.ts';
import { inWindow } from '../../src/runtimes/answer-all.ts';
import { readEncoder, settingsOf } from '../../src/runtimes/encoder-files.ts';
import { createEngines } from '../../src/runtimes/onnx/engines.ts';
import { findPackages, type Tokenizers } from '../../src/runtimes/onnx/packages.ts';
import { createTokenIds, isLowercasing } from '../../src/runtimes/onnx/token-ids.ts';
import { hasRuntimes } from './installed.ts';

const PACKAGES = ['tokenizers==0.23.3', 'onnxruntime==1.30.0', 'numpy'];
const TEXTS = 10_000;
const EMBEDDED = 500;

/** Ranges of Unicode from which the words of a text are made, and texts that people write. */
const SCRIPTS = [
  [0x61, 0x7a],
  [0x41, 0x5a],
  [0xc0, 0x17f],
  [0x370, 0x3ff],
  [0x400, 0x4ff],
  [0x531, 0x587],
  [0x5d0, 0x5ea],
  [0x621, 0x64a],
  [0x904, 0x97f],
  [0xe01, 0xe5b],
  [0x10d0, 0x10fa],
  [0x1100, 0x11ff],
  [0x1ea0, 0x1ef9],
  [0x3041, 0x30ff],
  [0x4e00, 0x9fff],
  [0xac00, 0xd7a3],
  [0x1f300, 0x1f64f],
  [0x20, 0x40],
  [0x300, 0x36f],
  [0x2000, 0x206f],
] as const;

function makeTexts(): string[] {
  const random = createRandom(1);
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  return Array.from({ length: TEXTS }, () => {
    const words = Array.from({ length: between(0, 30) }, () => {
      const [low, high] = SCRIPTS[between(0, SCRIPTS.length - 1)]!;
      return Array.from({ length: between(1, 12) }, () => String.fromCodePoint(between(low, high))).join('');
    });
    return words.join(random() < 0.9 ? ' ' : '');
  });
}

describe.runIf(hasRuntimes)('all-MiniLM-L6-v2 (int8), beside the Python packages', () => {
  const texts = makeTexts();
  let folder: string;
  let peers: { ids: number[][]; embeddings: number[][] };

  beforeAll(async () => {
    folder = await downloadMiniLm();
    const file = join(await mkdtemp(join(tmpdir(), 'waymark-peers-')), 'texts.json');
    await writeFile(file, JSON.stringify(texts));
    const bin = await installPython('encoder-peers', PACKAGES);
    const { maxTokens } = await readEncoder(folder);
    const script = join(import.meta.dirname, 'peers.py');
    const output = await run(join(bin, 'python'), [script, folder, file, String(maxTokens), String(EMBEDDED)]);
    peers = JSON.parse(output) as typeof peers;
  }, 600_000);

  test(`has the same token ids for ${TEXTS} texts of many scripts`, async () => {
    const require = createRequire(import.meta.url);
    const { Tokenizer } = require(findPackages(readSetting('RUNTIMES_DIR')).tokenizers) as Tokenizers;
    const json = JSON.parse(await readFile(join(folder, 'tokenizer.json'), 'utf8')) as object;
    const tokenize = createTokenIds(
      new Tokenizer(json, {}),
      (await readEncoder(folder)).maxTokens,
      isLowercasing(json),
    );
    const different = texts.filter((text, at) => String(tokenize(text).ids) !== String(peers.ids[at]));
    expect(different).toEqual([]);
  });

  test(`has the same embeddings for ${EMBEDDED} texts`, async () => {
    const source = await readEncoder(folder);
    const engines = createEngines(readSetting('RUNTIMES_DIR'));
    const { engine } = await engines.open('peers', async () => settingsOf(source, 'embedding'));
    const cosines: number[] = [];
    await inWindow(texts.slice(0, EMBEDDED), 1, async (text, at) => {
      const { output } = await engine.encode(text, { queue: 'peers' });
      cosines[at] = output.reduce((sum, value, dimension) => sum + value * peers.embeddings[at]![dimension]!, 0);
    });
    await engines.end();
    expect(Math.min(...cosines)).toBeGreaterThan(0.999);
  });
});
