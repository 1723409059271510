import { expect, test } from 'vitest';
import { addRow, EPOCH, predict, remember, rowsOf, start } from '../remembered.ts';

test('a prediction becomes a row with everything that was recorded', async () => {
  const recent = remember();
  const { spanId, request } = predict(recent, { at: 1000, milliseconds: 12, anomalies: ['length'], review: true });
  const [row] = await rowsOf(recent);
  expect(row).toMatchObject({
    traceId: request.traceId,
    spanId,
    time: new Date(EPOCH + 1000).toISOString(),
    route: 'POST /predict',
    model: 'spam',
    version: '1',
    role: 'active',
    prediction: 'ham',
    confidence: 0.9,
    characters: 22,
    tokens: 5,
    unknownRatio: 0.2,
    script: 'latin',
    tokenizeSeconds: 0.001,
    scoreSeconds: 0.002,
    requestSeconds: 0.012,
    status: 200,
    anomalies: ['length'],
    worker: 1,
    review: true,
    process: { inFlight: 1, batch: false, retraining: false, coldVersion: true },
    kept: ['recent', 'slow', 'anomaly'],
  });
  expect(Buffer.from(row!.id!, 'base64url')).toHaveLength(84);
  expect(row).not.toHaveProperty('text');
});

test('a row appears when its request has ended', async () => {
  const recent = remember();
  const request = start(recent);
  addRow(recent, request);
  expect(await rowsOf(recent)).toEqual([]);
  recent.tracker.end(request, 200, 5, EPOCH);
  expect(await rowsOf(recent)).toHaveLength(1);
});

test('an id that is longer than its place is kept whole', async () => {
  const recent = remember();
  predict(recent, { idLength: 300 });
  const [row] = await rowsOf(recent);
  expect(Buffer.from(row!.id!, 'base64url')).toHaveLength(300);
});

test('the last 10,000 rows are kept, besides them the slowest, and failed, anomalous and wrong ones', async () => {
  const recent = remember();
  const wrong = predict(recent, { at: 1 });
  recent.recordFeedback(wrong.spanId, { label: 'spam', source: 'truth' });
  predict(recent, { at: 2, anomalies: ['unknown_words'] });
  predict(recent, { at: 3, status: 500 });
  predict(recent, { at: 4, milliseconds: 5_000 });
  for (let at = 5; at < 12_005; at += 1) predict(recent, { at, milliseconds: 5 + (at % 100) });
  const rows = await rowsOf(recent);
  expect(rows.filter(({ kept }) => kept.includes('recent'))).toHaveLength(10_000);
  expect(rows.filter(({ kept }) => kept.includes('slow'))).toHaveLength(1_000);
  const old = rows.slice(-4).map(({ time, kept }) => [Date.parse(time) - EPOCH, kept]);
  expect(old).toEqual([
    [4, ['slow']],
    [3, ['error']],
    [2, ['anomaly']],
    [1, ['wrong']],
  ]);
});

test('each kept set has at most 1,000 rows, and slots are never lost', async () => {
  const recent = remember();
  for (let at = 0; at < 40_000; at += 1) {
    const { spanId } = predict(recent, {
      at,
      status: at % 3 === 0 ? 500 : 200,
      anomalies: at % 2 === 0 ? ['length'] : [],
    });
    if (at % 5 === 0) recent.recordFeedback(spanId, { label: 'spam', source: 'review' });
  }
  const rows = await rowsOf(recent);
  for (const reason of ['slow', 'error', 'anomaly', 'wrong'] as const) {
    expect(rows.filter(({ kept }) => kept.includes(reason)).length).toBeLessThanOrEqual(10_000);
  }
  const old = rows.filter(({ kept }) => !kept.includes('recent'));
  expect(old.length).toBeLessThanOrEqual(4_000);
  expect(new Set(rows.map(({ traceId }) => traceId)).size).toBe(rows.length);
});

test('the slow rows of more than an hour ago are forgotten', async () => {
  const recent = remember();
  predict(recent, { at: 0, milliseconds: 9_000 });
  for (let at = 1; at <= 10_000; at += 1) predict(recent, { at });
  expect(await rowsOf(recent, { kept: 'slow', requestSeconds: '9' })).toHaveLength(1);
  recent.memory.store.expireSlow(EPOCH + 3_600_000 + 20_000);
  expect(await rowsOf(recent, { kept: 'slow' })).toEqual([]);
});

test('a batch does not take the places of slow rows', async () => {
  const recent = remember();
  const slow = predict(recent, { at: 0, milliseconds: 500 });
  for (let batch = 0; batch < 20; batch += 1) {
    const request = start(recent, { at: 1_000 * batch, path: '/predict/batch' });
    for (let index = 0; index < 1_000; index += 1) addRow(recent, request, { index });
    recent.tracker.end(request, 200, 1_000 * batch + 900, EPOCH);
  }
  const rows = await rowsOf(recent, { kept: 'slow' });
  expect(rows.some(({ traceId }) => traceId === slow.request.traceId)).toBe(true);
  expect(rows.length).toBeLessThan(100);
});

test('a failed request without a prediction is a row whose unknown fields are null', async () => {
  const recent = remember();
  const request = start(recent, { path: '/v2/models/spam/infer' });
  request.errorType = 'text-too-long';
  recent.tracker.end(request, 422, 3, EPOCH);
  const [row] = await rowsOf(recent);
  expect(row).toMatchObject({
    id: null,
    traceId: request.traceId,
    spanId: request.spanId,
    route: 'POST /v2/models/:name/infer',
    model: null,
    prediction: null,
    confidence: null,
    characters: null,
    tokens: null,
    tokenizeSeconds: null,
    status: 422,
    errorType: 'text-too-long',
    kept: ['recent', 'slow', 'error'],
  });
});

test('a prediction of a request that has failed already is not remembered, and is no batch beside later requests', async () => {
  const recent = remember();
  const request = start(recent, { path: '/v2/models/spam/infer' });
  addRow(recent, request);
  recent.tracker.end(request, 500, 5, EPOCH);
  addRow(recent, request, { index: 1 });
  predict(recent, { at: 10 });
  const rows = await rowsOf(recent);
  expect(rows.map(({ status, process }) => [status, process.batch])).toEqual([
    [200, false],
    [500, false],
  ]);
});

test('the row of a failed request counts this request among those in progress, and not as a batch beside itself', async () => {
  const recent = remember();
  const beside = start(recent, { at: 0, path: '/predict/batch' });
  recent.tracker.end(start(recent, { at: 1, path: '/predict/batch' }), 500, 5, EPOCH);
  recent.tracker.end(beside, 200, 10, EPOCH);
  recent.tracker.end(start(recent, { at: 2, path: '/predict/batch' }), 500, 25, EPOCH);
  const rows = await rowsOf(recent);
  expect(rows.map(({ process }) => [process.inFlight, process.batch])).toEqual([
    [1, false],
    [2, true],
  ]);
});

test('a request whose caller has no right to predict makes no row', async () => {
  const recent = remember();
  recent.tracker.end(start(recent), 401, 3, EPOCH);
  recent.tracker.end(start(recent), 403, 3, EPOCH);
  expect(await rowsOf(recent)).toEqual([]);
});

test('other requests are not followed', () => {
  const { tracker } = remember();
  for (const [method, path] of [
    ['GET', '/predict'],
    ['POST', '/feedback'],
    ['POST', '/v2/models/spam'],
  ] as const) {
    expect(tracker.start(method, path, '', '', 0)).toBeUndefined();
  }
  expect(tracker.start('POST', '/Predict/', '', '', 0)).toBeDefined();
});

test('feedback is filled in, corrected and erased', async () => {
  const recent = remember();
  const { spanId } = predict(recent);
  recent.recordFeedback(spanId, { label: 'spam', source: 'report' });
  const [wrong] = await rowsOf(recent);
  expect(wrong).toMatchObject({ feedback: { label: 'spam', source: 'report', correct: false } });
  expect(wrong!.kept).toContain('wrong');
  recent.recordFeedback(spanId, { label: 'ham', source: 'report' });
  const [right] = await rowsOf(recent);
  expect(right).toMatchObject({ feedback: { label: 'ham', correct: true } });
  expect(right!.kept).not.toContain('wrong');
  recent.recordFeedback(spanId, undefined);
  expect((await rowsOf(recent))[0]).not.toHaveProperty('feedback');
});

test("a shadow's label is filled in", async () => {
  const recent = remember();
  const { sequence } = predict(recent);
  recent.memory.recordShadow(sequence, '2', 'spam');
  recent.memory.recordShadow(sequence + 1, '2', 'spam');
  expect((await rowsOf(recent))[0]).toMatchObject({ shadow: { version: '2', prediction: 'spam' } });
});

test('a row knows the garbage collection, the delay of the event loop and the work beside it', async () => {
  const recent = remember();
  const batch = start(recent, { at: 0, path: '/predict/batch' });
  recent.setRetraining('job', true);
  predict(recent, { at: 100, milliseconds: 50 });
  recent.setRetraining('job', false);
  recent.tracker.end(batch, 200, 160, EPOCH);
  recent.tracker.recordGc(120, 10, EPOCH);
  recent.memory.recordEventLoopDelay(EPOCH + 140, 0.25);
  const later = start(recent, { at: 125 });
  addRow(recent, later);
  recent.tracker.end(later, 200, 170, EPOCH);
  const rows = await rowsOf(recent);
  const byStart = new Map(rows.map((row) => [Date.parse(row.time) - EPOCH, row.process]));
  expect(byStart.get(100)).toMatchObject({ inFlight: 2, batch: true, retraining: true, eventLoopDelaySeconds: 0.25 });
  expect(byStart.get(100)!.gcSeconds).toBeCloseTo(0.01);
  expect(byStart.get(125)).toMatchObject({ inFlight: 1, batch: false, retraining: false });
  expect(byStart.get(125)!.gcSeconds).toBeCloseTo(0.005);
});

test('the first 1,000 texts of a version are cold', async () => {
  const recent = remember();
  for (let at = 0; at < 1_001; at += 1) predict(recent, { at });
  predict(recent, { at: 2_000, reference: 'spam@2' });
  const rows = await rowsOf(recent, { coldVersion: 'false' });
  expect(rows.map(({ time }) => Date.parse(time) - EPOCH)).toEqual([1_000]);
});

test('text is kept with CAPTURE_TEXT, within limits', async () => {
  const recent = remember({ captureText: true });
  predict(recent, { text: 'x'.repeat(5_000) });
  expect((await rowsOf(recent))[0]!.text).toBe('x'.repeat(1_000));
  for (let at = 1; at < 6_000; at += 1) predict(recent, { at, text: 'y'.repeat(2_000) });
  const rows = await rowsOf(recent);
  const characters = rows.reduce((sum, { text = '' }) => sum + text.length, 0);
  expect(characters).toBeLessThanOrEqual(4_000_000);
  expect(rows[0]!.text).toHaveLength(1_000);
  expect(rows.at(-1)).not.toHaveProperty('text');
});

test('names that no row has any more lose their number, so that any number of versions can be remembered', async () => {
  const recent = remember();
  for (let at = 0; at < 50_000; at += 1) predict(recent, { at, reference: `spam@${at}`, label: `label${at % 3}` });
  const rows = await rowsOf(recent);
  const recentRows = rows.filter(({ kept }) => kept.includes('recent'));
  expect(recentRows.every(({ version, time }) => Number(version) === Date.parse(time) - EPOCH)).toBe(true);
});
