import { beforeAll, describe, expect, test } from 'vitest';
import type { RowFilters } from '../../../src/recent/prediction-row.ts';
import type { RecentPredictions } from '../../../src/recent/queries/recent-predictions.ts';
import { compileFilters, FilterError } from '../../../src/recent/queries/row-filters.ts';
import { EPOCH, predict, remember, rowsOf } from '../remembered.ts';

let recent: RecentPredictions;
const ids = new Map<string, string>();

beforeAll(() => {
  recent = remember();
  const add = (name: string, row: Parameters<typeof predict>[1]) => {
    const { request, spanId } = predict(recent, row);
    ids.set(request.traceId, name);
    return spanId;
  };
  add('fast ham', { at: 1_000, milliseconds: 2 });
  const wrong = add('slow spam', { at: 2_000, milliseconds: 60, label: 'spam', reference: 'spam@2', role: 'canary' });
  recent.recordFeedback(wrong, { label: 'ham', source: 'truth' });
  add('unsure topic', {
    at: 3_000,
    label: 'sport',
    reference: 'topics@1',
    confidence: 0.4,
    anomalies: ['length', 'low_confidence'],
  });
  add('failed', { at: 4_000, status: 500 });
});

async function named(filters: RowFilters): Promise<string[]> {
  return (await rowsOf(recent, filters)).map(({ traceId }) => ids.get(traceId)!).toReversed();
}

describe('filters', () => {
  test.each<[RowFilters, string[]]>([
    [{}, ['fast ham', 'slow spam', 'unsure topic', 'failed']],
    [{ model: 'topics' }, ['unsure topic']],
    [{ model: ['topics', 'spam'], version: '2' }, ['slow spam']],
    [{ prediction: '!ham' }, ['slow spam', 'unsure topic']],
    [{ prediction: ['!ham', '!sport'] }, ['slow spam']],
    [{ role: 'canary' }, ['slow spam']],
    [{ status: '500' }, ['failed']],
    [{ anomaly: 'low_confidence' }, ['unsure topic']],
    [{ anomaly: 'not set' }, ['fast ham', 'slow spam', 'failed']],
    [{ anomaly: '!length' }, ['fast ham', 'slow spam', 'failed']],
    [{ requestSeconds: '0.01..' }, ['slow spam', 'unsure topic', 'failed']],
    [{ requestSeconds: '..0.002' }, ['fast ham']],
    [{ requestSeconds: ['..0.002', '0.05..0.1'] }, ['fast ham', 'slow spam']],
    [{ requestSeconds: '!0.05..' }, ['fast ham', 'unsure topic', 'failed']],
    [{ confidence: '..0.6' }, ['unsure topic']],
    [{ correct: 'false' }, ['slow spam']],
    [{ label: 'ham' }, ['slow spam']],
    [{ kept: 'error' }, ['failed']],
    [{ kept: 'wrong' }, ['slow spam']],
    [{ worker: '1' }, ['fast ham', 'slow spam', 'unsure topic', 'failed']],
    [{ worker: '2' }, []],
    [{ review: 'true' }, []],
    [
      { since: new Date(EPOCH + 2_000).toISOString(), until: new Date(EPOCH + 3_000).toISOString() },
      ['slow spam', 'unsure topic'],
    ],
    [{ model: 'a model that nobody has' }, []],
  ])('%j', async (filters, expected) => {
    expect(await named(filters)).toEqual(expected);
  });

  test.each<[RowFilters, RegExp]>([
    [{ modle: 'spam' }, /no parameter "modle"; allowed: .*model/],
    [{ constructor: 'x' }, /no parameter "constructor"/],
    [{ role: 'shadow' }, /"role" cannot be "shadow"; allowed: active, canary, named/],
    [{ requestSeconds: 'slow' }, /"requestSeconds" must be a number or a range/],
    [{ requestSeconds: '..' }, /"requestSeconds" must be/],
    [{ requestSeconds: '2..1' }, /minimum is above its maximum/],
    [{ since: 'yesterday' }, /"since" must be one time/],
    [{ since: '0.5' }, /"since" must be one time/],
    [{ until: '2026-13-01T00:00:00Z' }, /"until" must be one time/],
    [{ model: Array.from({ length: 101 }, () => 'x') }, /at most 100 values/],
  ])('%j is refused', (filters, message) => {
    expect(() => compileFilters({ filters })).toThrow(FilterError);
    expect(() => compileFilters({ filters })).toThrow(message);
  });

  test('a caller who may see some models sees no other ones, and no failures of others', async () => {
    const { answers } = await recent.ask({ kind: 'rows', filters: { filters: {}, models: ['topics'] }, limit: 10 });
    expect(answers[0]!.rows).toHaveLength(1);
  });
});
