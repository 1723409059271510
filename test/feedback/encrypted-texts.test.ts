import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Feedback } from '../../src/feedback/database/feedback.ts';
import { openFeedbackDatabase } from '../../src/feedback/database/feedback-database.ts';
import { openFeedbackTexts } from '../../src/feedback/database/feedback-texts.ts';
import { createTextCipher, FeedbackKeyError, readTextCipher } from '../../src/feedback/database/text-cipher.ts';
import { collectFeedbackExamples } from '../../src/training/feedback-examples.ts';
import { post, serve } from '../http/in-process.ts';
import { feedbackWith } from './feedback-with.ts';

const newFolder = () => mkdtemp(join(tmpdir(), 'waymark-encrypted-'));
const newKey = () => randomBytes(32).toString('base64');

async function keyFile(...keys: string[]): Promise<string> {
  const path = join(await newFolder(), 'keys');
  await writeFile(path, `# the newest first\n${keys.join('\n')}\n`);
  return path;
}

function record(folder: string, keys: string | undefined, ...feedback: Feedback[]): void {
  const database = openFeedbackDatabase(folder, undefined, readTextCipher(keys));
  database.record(feedback);
  database.close();
}

function textsIn(folder: string, keys?: string): string[] {
  const texts = openFeedbackTexts(folder, keys);
  try {
    return [...texts.of('spam')].map(({ text }) => text);
  } finally {
    texts.close();
  }
}

/** Returns the bytes of all files of a folder. */
async function bytesIn(folder: string): Promise<string> {
  const files = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile());
  return (await Promise.all(files.map(({ name }) => readFile(join(folder, name), 'latin1')))).join('');
}

describe('with keys', () => {
  test('no file contains a text, and training reads it', async () => {
    const folder = await newFolder();
    const keys = await keyFile(newKey());
    record(folder, keys, feedbackWith('a', 'PLANTED SECRET, with 漢字, 🎉 and a lone \ud83c'));
    expect(await bytesIn(folder)).not.toContain('PLANTED');
    // As without keys, half a character becomes the replacement character.
    expect(textsIn(folder, keys)).toEqual(['PLANTED SECRET, with 漢字, 🎉 and a lone \ufffd']);
    expect((await collectFeedbackExamples(folder, 'spam', keys)).characters).toBe(40);
  });

  test('a text that comes later is encrypted too', async () => {
    const folder = await newFolder();
    const keys = await keyFile(newKey());
    const { text: _, ...without } = feedbackWith('a', '');
    record(folder, keys, without, feedbackWith('a', 'PLANTED SECRET'));
    record(folder, keys, { ...without, id: 'b', source: 'report' }, feedbackWith('b', 'PLANTED OTHER'));
    expect(await bytesIn(folder)).not.toContain('PLANTED');
    expect(textsIn(folder, keys)).toEqual(['PLANTED SECRET', 'PLANTED OTHER']);
  });

  test('one text has another form each time', () => {
    const cipher = createTextCipher([randomBytes(32)]);
    expect(cipher.seal('text', 'a')).not.toBe(cipher.seal('text', 'a'));
  });

  test('a changed text, one of another feedback, and one with a lost key are refused, and not quoted', () => {
    const cipher = createTextCipher([randomBytes(32)]);
    const sealed = cipher.seal('PLANTED SECRET', 'a');
    expect(cipher.open(sealed, 'a')).toBe('PLANTED SECRET');
    const at = sealed.length - 20;
    const changed = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`;
    for (const attempt of [
      () => cipher.open(changed, 'a'),
      () => cipher.open(sealed, 'b'),
      () => cipher.open(sealed.slice(0, 30), 'a'),
      () => createTextCipher([randomBytes(32)]).open(sealed, 'a'),
      () => createTextCipher([]).open(sealed, 'a'),
    ]) {
      expect(attempt).toThrow(FeedbackKeyError);
      expect(attempt).not.toThrow('PLANTED');
    }
  });
});

test('without keys, a text that looks encrypted is stored and read as it is', async () => {
  const folder = await newFolder();
  const sealed = createTextCipher([randomBytes(32)]).seal('x', 'a');
  const escaped = createTextCipher([]).seal(sealed, 'a');
  record(folder, undefined, feedbackWith('a', sealed), feedbackWith('b', escaped), feedbackWith('c', 'plain'));
  expect(textsIn(folder)).toEqual([sealed, escaped, 'plain']);
});

describe('a rotation', () => {
  test('encrypts every text with the new key, after which the old one can be deleted', async () => {
    const folder = await newFolder();
    const [old, fresh] = [newKey(), newKey()];
    const oldFile = await keyFile(old);
    const plain = Array.from({ length: 450 }, (_, index) => feedbackWith(`plain ${index}`, `PLANTED ${index}`));
    record(folder, undefined, ...plain);
    record(folder, oldFile, feedbackWith('old', 'under the old key'));
    const both = await keyFile(fresh, old);
    const expected = [...plain.map(({ text }) => text), 'under the old key'];
    expect(textsIn(folder, both)).toEqual(expected);

    const database = openFeedbackDatabase(folder, undefined, readTextCipher(both));
    let pages = 0;
    for (let row: number | undefined = 0; row !== undefined; row = database.encryptTexts(row)) pages += 1;
    database.close();
    expect(pages).toBe(3);
    expect(await bytesIn(folder)).not.toContain('PLANTED');
    expect(textsIn(folder, await keyFile(fresh))).toEqual(expected);
    expect(() => textsIn(folder, oldFile)).toThrow('a key that FEEDBACK_KEY_FILE lacks');
  });

  test('leaves a text alone whose key is lost', async () => {
    const folder = await newFolder();
    record(folder, await keyFile(newKey()), feedbackWith('lost', 'lost'));
    record(folder, undefined, feedbackWith('plain', 'plain'));
    const database = openFeedbackDatabase(folder, undefined, readTextCipher(await keyFile(newKey())));
    expect(database.encryptTexts(0)).toBe(undefined);
    expect(database.erase('lost', 'somebody', 3_000)).toBe(true);
    database.close();
  });
});

test('an erased text is in no file any more, while the service runs', { timeout: 60_000 }, async () => {
  const DATA_DIR = await newFolder();
  const { url } = await serve({ DATA_DIR });
  const erased = 'PLANTED ERASED: a mail of somebody';
  const kept = 'PLANTED KEPT: a mail of somebody else';
  const ids: string[] = [];
  for (const text of [erased, kept]) {
    const { id } = (await (await post(`${url}/predict`, { text })).json()) as { id: string };
    expect((await post(`${url}/feedback`, { id, label: 'ham', text })).status).toBe(200);
    ids.push(id);
  }
  expect(await bytesIn(DATA_DIR)).toContain(erased);
  expect((await fetch(`${url}/feedback/${ids[0]}`, { method: 'DELETE' })).status).toBe(200);
  expect(await bytesIn(DATA_DIR)).not.toContain('PLANTED ERASED');
  expect(textsIn(DATA_DIR)).toEqual([kept]);
});

test('texts from before there was a key are encrypted in every file, while the service runs', {
  timeout: 60_000,
}, async () => {
  const DATA_DIR = await newFolder();
  record(DATA_DIR, undefined, { ...feedbackWith('a', 'PLANTED SECRET'), receivedAt: Date.now() });
  const FEEDBACK_KEY_FILE = await keyFile(newKey());
  const reader = openFeedbackTexts(DATA_DIR, FEEDBACK_KEY_FILE);
  await serve({ DATA_DIR, FEEDBACK_KEY_FILE });
  await expect.poll(() => bytesIn(DATA_DIR), { timeout: 30_000 }).not.toContain('PLANTED');
  expect([...reader.of('spam')].map(({ text }) => text)).toEqual(['PLANTED SECRET']);
  reader.close();
});

describe('the service with FEEDBACK_KEY_FILE', () => {
  test('encrypts the text of feedback, and erases it by its id', { timeout: 60_000 }, async () => {
    const DATA_DIR = await newFolder();
    const FEEDBACK_KEY_FILE = await keyFile(newKey());
    const { url } = await serve({ DATA_DIR, FEEDBACK_KEY_FILE });
    const text = 'PLANTED SECRET: a mail of somebody';
    const { id } = (await (await post(`${url}/predict`, { text })).json()) as { id: string };
    expect((await post(`${url}/feedback`, { id, label: 'ham', text })).status).toBe(200);
    expect(await bytesIn(DATA_DIR)).not.toContain('PLANTED');
    expect(textsIn(DATA_DIR, FEEDBACK_KEY_FILE)).toEqual([text]);
    expect((await fetch(`${url}/feedback/${id}`, { method: 'DELETE' })).status).toBe(200);
    expect(textsIn(DATA_DIR, FEEDBACK_KEY_FILE)).toEqual([]);
  });

  test.each([
    ['there is none', '/nonexistent/keys', 'not a regular file'],
    ['it is empty', '', 'holds no key'],
    ['a key is too short', 'PLANTED', 'line 2 is not a key'],
  ])('does not start if %s', async (_name, content, reason) => {
    const FEEDBACK_KEY_FILE = content.startsWith('/') ? content : await keyFile(content);
    const start = serve({ FEEDBACK_KEY_FILE });
    await expect(start).rejects.toThrow(reason);
    await expect(start).rejects.not.toThrow('PLANTED');
  });
});
