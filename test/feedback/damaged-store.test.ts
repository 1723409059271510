import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test, vi } from 'vitest';
import { post, serve } from '../http/in-process.ts';

const newFolder = () => mkdtemp(join(tmpdir(), 'waymark-damaged-'));
const give = async (url: string) => {
  const { id } = (await (await post(`${url}/predict`, { text: 'Win a prize' })).json()) as { id: string };
  return post(`${url}/feedback`, { id, label: 'spam' });
};
const ready = async (url: string) => (await (await fetch(`${url}/readyz`)).json()) as { degraded?: string[] };

test('a damaged store does not stop the start, is named, and is used once it is repaired', async () => {
  const DATA_DIR = await newFolder();
  const file = join(DATA_DIR, 'feedback.db');
  await writeFile(file, 'no database '.repeat(1_000));
  const { url, lines } = await serve({ DATA_DIR });
  expect((await post(`${url}/predict`, { text: 'Win a prize' })).status).toBe(200);
  expect((await give(url)).status).toBe(503);
  expect((await ready(url)).degraded).toEqual([expect.stringContaining(file)]);
  const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(logged.find(({ msg }) => msg === 'feedback degraded')).toBeDefined();
  expect(lines.join()).toContain(file);
  await rm(file);
  await vi.waitFor(async () => expect((await give(url)).status).toBe(200), { timeout: 15_000, interval: 200 });
  expect((await ready(url)).degraded).toBeUndefined();
});

test('a folder in the place of the store does not stop the start', async () => {
  const DATA_DIR = await newFolder();
  await mkdir(join(DATA_DIR, 'feedback.db'));
  const { url } = await serve({ DATA_DIR });
  expect((await give(url)).status).toBe(503);
});

test('a deleted store is noticed: feedback is in the new file', async () => {
  const DATA_DIR = await newFolder();
  const file = join(DATA_DIR, 'feedback.db');
  const { url } = await serve({ DATA_DIR });
  expect((await give(url)).status).toBe(200);
  await rm(file);
  expect((await give(url)).status).toBe(200);
  const db = new DatabaseSync(file, { readOnly: true });
  expect(db.prepare('SELECT COUNT(*) AS count FROM feedback').get()).toEqual({ count: 1 });
  db.close();
});

test('the files of the store can be read by their user alone', async () => {
  const DATA_DIR = join(await newFolder(), 'data');
  const { url } = await serve({ DATA_DIR });
  await give(url);
  expect((await stat(DATA_DIR)).mode & 0o777).toBe(0o700);
  for (const name of ['feedback.db', 'feedback.db-wal', 'feedback.db-shm', 'prediction-id.key']) {
    expect([name, (await stat(join(DATA_DIR, name))).mode & 0o777]).toEqual([name, 0o600]);
  }
  expect((await readFile(join(DATA_DIR, 'feedback.db'))).length).toBeGreaterThan(0);
});

describe('while another process locks the store', () => {
  test('predictions are answered, however many feedbacks wait', async () => {
    const DATA_DIR = await newFolder();
    const { url } = await serve({ DATA_DIR, MAX_IN_FLIGHT: '8' });
    const ids = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const response = await post(`${url}/predict`, { text: `Win prize ${i}` });
        return ((await response.json()) as { id: string }).id;
      }),
    );
    const other = new DatabaseSync(join(DATA_DIR, 'feedback.db'));
    other.exec('BEGIN EXCLUSIVE');
    const waiting = ids.map((id) => post(`${url}/feedback`, { id, label: 'spam' }));
    await vi.waitFor(async () => {
      // The eight feedbacks fill a quarter of the limit, and others are refused.
      expect((await fetch(`${url}/quality`)).status).toBe(503);
    });
    for (let i = 0; i < 3; i += 1) expect((await post(`${url}/predict`, { text: 'Win a prize' })).status).toBe(200);
    other.exec('ROLLBACK');
    other.close();
    const statuses = await Promise.all(waiting.map(async (answer) => (await answer).status));
    expect(statuses.filter((status) => status === 200)).toHaveLength(2);
    expect(statuses.filter((status) => status === 503)).toHaveLength(6);
  });
});
