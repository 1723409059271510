import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { post } from '../http/in-process.ts';
import { postgresPrograms, startPostgres } from '../support/postgres.ts';
import { startProcess } from '../support/service-process.ts';
import { canMount, mountSmallDisk } from '../support/small-disk.ts';

/** The texts fill a page of PostgreSQL after a few of them. They have no order that could be compressed. */
const longText = () => Array.from({ length: 600 }, () => Math.random().toString(36).slice(2)).join(' ');
/** A full disk refuses the feedback that needs a new page. Others may find room in the pages that are there. */
const MAX_ATTEMPTS = 300;

const missing = [postgresPrograms ? '' : 'PostgreSQL is not installed', canMount ? '' : 'needs root'].filter(Boolean);

describe.skipIf(missing.length > 0)(
  `a database on a full disk${missing.length > 0 ? ` (${missing.join(', ')})` : ''}`,
  () => {
    test.each([
      ['its tables', '100m', true],
      ['its tables and its log', '220m', false],
    ])(
      'of %s refuses feedback, and heals when there is space',
      async (_of, size, isLogApart) => {
        const disk = await mountSmallDisk(size);
        const settings = { max_wal_size: '32MB', min_wal_size: '32MB', autovacuum: 'off' };
        const server = await startPostgres(settings, { parent: disk.folder, isLogApart });
        onTestFinished(() => server.remove());
        const address = await server.newDatabase('tcp');
        const { url, kill } = await startProcess({ DATABASE_URL: address.url });
        onTestFinished(() => kill());
        const acknowledged: string[] = [];

        /** Predicts, which always succeeds, and gives feedback once. Returns its answer. */
        const give = async () => {
          const text = longText();
          const prediction = await post(`${url}/predict`, { text });
          expect(prediction.status).toBe(200);
          const { id } = (await prediction.json()) as { id: string };
          const answer = await post(`${url}/feedback`, { id, label: 'ham', text });
          if (answer.status === 200) acknowledged.push(id);
          return { id, answer };
        };

        for (let at = 0; at < 20; at += 1) expect((await give()).answer.status).toBe(200);
        disk.fill();
        const refused: string[] = [];
        for (let attempt = 0; attempt < MAX_ATTEMPTS && refused.length < 20; attempt += 1) {
          const { id, answer } = await give();
          if (answer.status === 200) continue;
          expect([answer.status, Number(answer.headers.get('retry-after')) > 0]).toEqual([503, true]);
          refused.push(id);
          await delay(50);
        }
        expect(refused.length).toBe(20);

        disk.free();
        // The server may have ended because it could not write its log. Its operator starts it again.
        await server.start();
        await vi.waitFor(async () => expect((await give()).answer.status).toBe(200), {
          timeout: 30_000,
          interval: 200,
        });
        for (const id of refused) {
          expect((await post(`${url}/feedback`, { id, label: 'ham' })).status).toBe(200);
          acknowledged.push(id);
        }
        const rows = await server.sql(address, 'SELECT id FROM waymark.feedback');
        expect(rows.map(({ id }) => id).toSorted()).toEqual(acknowledged.toSorted());
        await vi.waitFor(async () => {
          expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ status: 'ready' });
        }, 15_000);
      },
      120_000,
    );
  },
);
