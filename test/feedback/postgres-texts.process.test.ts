import { randomBytes } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openFeedbackStore } from '../../src/feedback/feedback-store.ts';
import { openPostgresTexts } from '../../src/feedback/postgres/feedback-texts.ts';
import type { DatabaseAddress } from '../../src/postgres/address.ts';
import { collectFeedbackExamples } from '../../src/training/feedback-examples.ts';
import { describeWithPostgres } from '../support/with-postgres.ts';
import { feedbackWith } from './feedback-with.ts';

async function keyFile(...keys: string[]): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'waymark-keys-')), 'keys');
  await writeFile(path, keys.join('\n'));
  return path;
}

async function open(address: DatabaseAddress, keys?: string) {
  const store = await openFeedbackStore(address, undefined, keys);
  onTestFinished(() => store.close());
  return store;
}

async function textsIn(address: DatabaseAddress, keys?: string): Promise<string[]> {
  const texts = openPostgresTexts(address, keys);
  const found: string[] = [];
  try {
    for await (const { text } of texts.of('spam')) found.push(text);
  } finally {
    await texts.close();
  }
  return found;
}

describeWithPostgres('texts in PostgreSQL', (server) => {
  const storedTexts = async (address: DatabaseAddress) =>
    (await server().sql(address, 'SELECT text FROM waymark.feedback ORDER BY sequence')).map(({ text }) =>
      String(text),
    );

  test('are read in the order of arrival, page by page, and teach as those of SQLite do', async () => {
    const address = await server().newDatabase();
    const folder = await mkdtemp(join(tmpdir(), 'waymark-texts-'));
    const given = Array.from({ length: 1_200 }, (_, at) => feedbackWith(`id ${at}`, `text ${at % 700}\0`));
    for (const place of [folder, address]) {
      const store = await openFeedbackStore(place);
      for (const one of given) await store.record(one);
      await store.close();
    }
    expect(await textsIn(address)).toEqual(given.map(({ text }) => text));
    const summaries = [folder, address].map(async (place) => {
      const examples = await collectFeedbackExamples(place, 'spam');
      const added: string[] = [];
      const summary = await examples.addTo(({ text }) => void added.push(text), new Set(['ham']));
      return { characters: examples.characters, added, summary };
    });
    const [sqlite, postgres] = await Promise.all(summaries);
    expect(sqlite!.summary).toMatchObject({ given: 1_200, documents: 700 });
    expect(postgres).toEqual(sqlite);
  }, 60_000);

  test('are encrypted, also those from before there was a key', async () => {
    const address = await server().newDatabase();
    const [old, fresh] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
    const plain = Array.from({ length: 450 }, (_, at) => feedbackWith(`plain ${at}`, `PLANTED ${at}`));
    await Promise.all(plain.map((await open(address)).record));
    await (await open(address, await keyFile(old))).record(feedbackWith('old', 'PLANTED under the old key'));
    const both = await keyFile(fresh, old);
    const store = await open(address, both);
    let pages = 0;
    for (let row: number | undefined = 0; row !== undefined; row = await store.encryptTexts(row)) pages += 1;
    expect(pages).toBe(3);
    expect((await storedTexts(address)).join()).not.toContain('PLANTED');
    expect(new Set(await textsIn(address, await keyFile(fresh)))).toEqual(
      new Set([...plain.map(({ text }) => text), 'PLANTED under the old key']),
    );
  });

  test('are deleted by age in pages, and their labels stay', async () => {
    const address = await server().newDatabase();
    const store = await open(address);
    const given = Array.from({ length: 4_100 }, (_, at) => ({ ...feedbackWith(`id ${at}`, 'old'), receivedAt: 1 }));
    await Promise.all([...given, feedbackWith('new', 'new')].map(store.record));
    expect(await store.deleteTexts(2)).toBe(4_100);
    expect(await textsIn(address)).toEqual(['new']);
    expect(await store.experiments.textCount('spam', 0)).toBe(1);
    expect(await store.counts({ model: 'spam', version: '1', artefact: 'a1' })).toMatchObject([{ count: 4_101 }]);
  });

  test('cannot be read while the database is away, and training says so without the password', async () => {
    const address = { url: 'postgres://u:secret@127.0.0.1:1/d' };
    const collecting = collectFeedbackExamples(address, 'spam');
    await expect(collecting).rejects.toThrow('PostgreSQL at 127.0.0.1:1, database d has no feedback that can be read');
    await expect(collecting).rejects.not.toThrow('secret');
  });
});
