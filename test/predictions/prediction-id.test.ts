import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createPredictionIds, type PredictionReference } from '../../src/predictions/prediction-id.ts';

const reference: PredictionReference = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  time: 1_795_000_000_123,
  model: 'spam',
  version: '1',
  label: 'ham',
};

const ids = createPredictionIds('a key of some length');

describe('prediction ids', () => {
  test('contain everything that feedback needs', () => {
    expect(ids.verify(ids.sign(reference))).toEqual(reference);
  });

  test.each(['', 'schön', '垃圾郵件', '"quoted", comma', 'x'.repeat(500)])('contain the label %j', (label) => {
    expect(ids.verify(ids.sign({ ...reference, label }))).toEqual({ ...reference, label });
  });

  test('are safe in a URL or a header', () => {
    expect(ids.sign(reference)).toMatch(/^[A-Za-z0-9_-]{80,120}$/);
  });

  test('of another key are rejected', () => {
    expect(createPredictionIds('another key, as long').verify(ids.sign(reference))).toBeUndefined();
    expect(createPredictionIds(randomBytes(32)).verify(ids.sign(reference))).toBeUndefined();
  });

  test('with any changed byte are rejected', () => {
    const bytes = Buffer.from(ids.sign(reference), 'base64url');
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i]! ^= 1;
      expect(ids.verify(changed.toString('base64url'))).toBeUndefined();
    }
  });

  test('that are shorter or longer are rejected', () => {
    const id = ids.sign(reference);
    for (let length = 0; length < id.length; length++) expect(ids.verify(id.slice(0, length))).toBeUndefined();
    for (const suffix of ['A', '=', ' ', '.', 'AAAA', id]) expect(ids.verify(id + suffix)).toBeUndefined();
  });

  test('in another encoding are rejected, so that each prediction has one id', () => {
    const id = ids.sign(reference);
    expect(ids.verify(Buffer.from(id, 'base64url').toString('base64'))).toBeUndefined();
    expect(ids.verify(`${id.slice(0, 10)}!${id.slice(10)}`)).toBeUndefined();
  });
});
