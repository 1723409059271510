import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { corpusOf, moduleOf, TARGETS } from '../../../tools/fuzz/targets.ts';

describe.each(TARGETS)('the corpus of %s', (target) => {
  const files = readdirSync(corpusOf(target));

  test('has no finding', async () => {
    const { fuzz } = (await import(moduleOf(target))) as { fuzz: (data: Buffer) => unknown };
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      try {
        await fuzz(readFileSync(join(corpusOf(target), file)));
      } catch (error) {
        throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
      }
    }
  });
});

test('every target has a corpus, and every corpus a target', () => {
  expect(readdirSync(join(corpusOf(TARGETS[0]), '..')).sort()).toEqual([...TARGETS].sort());
});
