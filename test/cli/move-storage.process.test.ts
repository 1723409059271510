import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFeedbackDatabase } from '../../src/feedback/database/feedback-database.ts';
import { openFeedbackStore } from '../../src/feedback/feedback-store.ts';
import type { DatabaseAddress } from '../../src/postgres/address.ts';
import { describeWithPostgres } from '../support/with-postgres.ts';

const PROGRAM = join(import.meta.dirname, '../../src/cli/storage/storage.ts');
const key = { model: 'spam', version: '1', artefact: 'a1' };
const experiment = { model: 'spam', active: '1', activeArtefact: 'a1', shadow: '2', shadowArtefact: 'b2' };
const now = Date.now();

/** Fills a folder with feedback, experiments, reviews, a correction and an erasure. */
async function newFolder(count: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-moved-'));
  const database = openFeedbackDatabase(folder);
  const ids = Array.from({ length: count }, (_, at) => `prediction ${String(at).padStart(16, '0')}`);
  const labels = ids.slice(0, 20).map((id) => ({ id, predictedAt: now, version: '2', artefact: 'b2', label: 'ham' }));
  const slot = Math.floor(now / 3_600_000) * 3_600_000;
  database.experiments.save({
    labels,
    pairs: [{ ...experiment, activeLabel: 'spam', shadowLabel: 'ham', count: 20 }],
    minutes: [
      {
        model: 'spam',
        version: '2',
        use: 'shadow',
        minute: Math.floor(now / 60_000),
        bucket: 3,
        count: 20,
        confidence: 18.7,
      },
    ],
    slots: [{ ...key, role: 'active', kind: 'confidence', slot, bin: 9, asked: true, count: 7 }],
    slotPairs: [{ ...experiment, slot, asked: false, agrees: false, count: 20 }],
    reviews: [{ ...key, id: 'a review', predictedAt: now, label: 'ham', confidence: 0.7 }],
  });
  database.record(
    ids.map((id, at) => ({
      ...key,
      id,
      predicted: 'spam',
      actual: at % 3 === 0 ? 'ham' : 'spam',
      source: at % 5 === 0 ? ('report' as const) : ('truth' as const),
      predictedAt: now,
      receivedAt: now + at,
      role: 'active' as const,
      confidence: 0.9,
      reviewShare: 0.1,
      text: at % 2 === 0 ? `text ${at} \0\u0001 漢字` : undefined,
    })),
  );
  database.correct(ids[0]!, 'spam', 'a person', now);
  database.erase(ids[1]!, 'a person', now);
  database.close();
  return folder;
}

function start(folder: string, { url }: DatabaseAddress) {
  const args = [PROGRAM, 'migrate', '--from', 'sqlite', '--to', 'postgres', '--data-dir', folder];
  const child = spawn(process.execPath, args, { env: { PATH: process.env['PATH'], DATABASE_URL: url } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)));
  return { child, ended: once(child, 'close').then(([code]) => ({ code: code as number | null, output })) };
}

const move = (folder: string, address: DatabaseAddress) => start(folder, address).ended;

/** Reads what both engines must agree on. */
async function read(place: string | DatabaseAddress) {
  const store = await openFeedbackStore(place);
  const { experiments } = store;
  const counts = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).toSorted();
  try {
    return {
      counts: counts(await store.counts(key)),
      hours: counts(await store.hours(key)),
      confidences: counts(await store.confidences(key)),
      totals: counts(await store.totals()),
      changes: await store.changes('prediction 0000000000000000'),
      erasures: await store.changes('prediction 0000000000000001'),
      pairs: await experiments.pairs(experiment),
      evaluatedPairs: counts(await experiments.evaluatedPairs(experiment)),
      pairHours: await experiments.pairHours(experiment),
      minutes: await experiments.minuteCounts('spam', '2', 'shadow', 0, now),
      slots: await experiments.slots({ ...key, role: 'active', kind: 'confidence', since: 0 }),
      reviews: await experiments.waitingReviews('spam', 10),
      texts: await experiments.textCount('spam', 0),
    };
  } finally {
    await store.close();
  }
}

describeWithPostgres('npm run storage', (server) => {
  test('moves all that the file has', async () => {
    const [folder, address] = [await newFolder(2_500), await server().newDatabase()];
    const { code, output } = await move(folder, address);
    expect([code, output]).toEqual([0, expect.stringMatching(/feedback: 2499 rows, [0-9a-f]{32}/)]);
    expect(await read(address)).toEqual(await read(folder));
  });

  test('goes on after it was killed, and has each row once', async () => {
    const [folder, address] = [await newFolder(6_000), await server().newDatabase()];
    const first = start(folder, address);
    await new Promise<void>((resolve) => {
      first.child.stderr.on('data', (data) => {
        if (String(data).includes('feedback: 2000')) resolve();
      });
    });
    first.child.kill('SIGKILL');
    await first.ended;
    expect((await move(folder, address)).code).toBe(0);
    expect(await read(address)).toEqual(await read(folder));
    // A move that has ended can be repeated.
    expect((await move(folder, address)).code).toBe(0);
  });

  test('keeps the order of arrival of texts', async () => {
    const [folder, address] = [await newFolder(50), await server().newDatabase()];
    await move(folder, address);
    const rows = await server().sql(address, 'SELECT id FROM waymark.feedback ORDER BY sequence');
    const ids = rows.map(({ id }) => String(id));
    expect(ids).toEqual(ids.toSorted());
  });

  test('finds a row that differs', async () => {
    const [folder, address] = [await newFolder(50), await server().newDatabase()];
    await move(folder, address);
    await server().sql(address, "UPDATE waymark.feedback SET received_at = 1 WHERE id LIKE '%7'");
    const { code, output } = await move(folder, address);
    expect([code, output]).toEqual([1, expect.stringContaining('the table feedback has 49 rows in SQLite and 49 in')]);
  });

  test('refuses a database with feedback of its own, and a folder that a service uses', async () => {
    const [folder, address] = [await newFolder(5), await server().newDatabase()];
    await move(await newFolder(5), address);
    expect((await move(folder, address)).output).toContain('has rows already');
    const store = await openFeedbackStore(folder);
    expect((await move(folder, await server().newDatabase())).output).toContain('stop it first');
    await store.close();
  });
});
