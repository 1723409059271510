import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFeedbackDatabase } from '../../src/feedback/database/feedback-database.ts';
import { post } from '../http/in-process.ts';
import { startProcess } from '../support/service-process.ts';

test('kill -9 during feedback loses no acknowledged feedback', async () => {
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'waymark-killed-'));
  const service = await startProcess({ DATA_DIR, LOG_LEVEL: 'info' });
  const response = await post(`${service.url}/predict/batch`, { texts: Array(600).fill('Win a prize') });
  const { predictions } = (await response.json()) as { predictions: { id: string }[] };
  const acknowledged = new Set<string>();

  const send = async (ids: string[]) => {
    for (const id of ids) {
      const answer = await post(`${service.url}/feedback`, { id, label: 'ham' }).catch(() => undefined);
      if (!answer?.ok) return;
      acknowledged.add(id);
      if (acknowledged.size === 200) service.kill();
    }
  };
  const ids = predictions.map(({ id }) => id);
  await Promise.all([0, 1, 2, 3].map((part) => send(ids.slice(part * 150, (part + 1) * 150))));
  await service.exited;
  expect(acknowledged.size).toBeGreaterThanOrEqual(200);
  expect(acknowledged.size).toBeLessThan(600);

  // The store has the acknowledged feedback once: recording it again changes no counts.
  const database = openFeedbackDatabase(DATA_DIR);
  const countBefore = database.totals().reduce((sum, { count }) => sum + count, 0);
  const outcomes = database.record(
    [...acknowledged].map((id) => ({
      id,
      model: 'spam',
      version: '1',
      predicted: 'spam',
      actual: 'ham',
      predictedAt: 1,
      receivedAt: 1,
      source: 'truth' as const,
      reviewShare: 0,
      artefact: '',
    })),
  );
  expect(new Set(outcomes)).toEqual(new Set(['repeated']));
  expect(database.totals().reduce((sum, { count }) => sum + count, 0)).toBe(countBefore);
  database.close();
});
