import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { UNKNOWN_CONFIDENCE } from '../../src/predictions/id-layout.ts';
import { artefactOf, createPredictionIds, type SignedPrediction } from '../../src/predictions/prediction-id.ts';

const sha256 = '5f'.repeat(32);
const facts = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  time: 1_795_000_000_123,
  model: 'spam',
  version: '1',
  label: 'ham',
};
const prediction: SignedPrediction = {
  ...facts,
  role: 'canary',
  confidence: 0.8,
  reviewShare: 0.02,
  sha256,
  text: 'the text that was classified',
};

const KEY = 'a key of some length';
const ids = createPredictionIds(KEY);

/** Returns an id as earlier versions of Waymark signed it. */
function signFormat1(key: string): string {
  const payload = Buffer.concat([
    Buffer.of(1),
    Buffer.from(facts.traceId, 'hex'),
    Buffer.from(facts.spanId, 'hex'),
    Buffer.alloc(6),
    Buffer.from(JSON.stringify([facts.model, facts.version, facts.label])),
  ]);
  payload.writeUIntBE(facts.time, 25, 6);
  const signature = createHmac('sha256', key).update(payload).digest().subarray(0, 16);
  return Buffer.concat([payload, signature]).toString('base64url');
}

describe('prediction ids', () => {
  test('contain everything that feedback needs', () => {
    expect(ids.verify(ids.sign(prediction))).toEqual({
      ...facts,
      details: {
        role: 'canary',
        confidence: 0.8,
        reviewShare: expect.closeTo(0.02, 4),
        artefact: artefactOf(sha256),
        textHash: expect.stringMatching(/^[0-9a-f]{16}$/),
      },
    });
  });

  test.each(['active', 'canary', 'named'] as const)('contain the role %s', (role) => {
    expect(ids.verify(ids.sign({ ...prediction, role }))?.details?.role).toBe(role);
  });

  test.each([0.002, 0.5, 0.998, 1])('contain the confidence %d in a byte', (confidence) => {
    const known = ids.verify(ids.sign({ ...prediction, confidence }))?.details?.confidence;
    expect(Math.abs(known! - confidence)).toBeLessThanOrEqual(0.5 / 255);
  });

  test('tell an unknown confidence from a very small one', () => {
    const known = (confidence: number) => ids.verify(ids.sign({ ...prediction, confidence }))?.details?.confidence;
    expect(known(UNKNOWN_CONFIDENCE)).toBe(undefined);
    expect(known(1e-9)).toBe(1 / 255);
  });

  test('know their text, and no other', () => {
    const reference = ids.verify(ids.sign(prediction))!;
    expect(ids.matches(reference, prediction.text)).toBe(true);
    expect(ids.matches(reference, `${prediction.text} `)).toBe(false);
    expect(ids.matches(reference, '')).toBe(false);
  });

  test('of one text differ between keys, so that nobody without the key can guess texts', () => {
    const hashBy = (key: string) => {
      const own = createPredictionIds(key);
      return own.verify(own.sign(prediction))?.details?.textHash;
    };
    expect(hashBy('another key, as long')).not.toBe(hashBy(KEY));
  });

  test('of format 1 are still read', () => {
    const reference = ids.verify(signFormat1(KEY));
    expect(reference).toEqual(facts);
    expect(ids.matches(reference!, 'any text')).toBe(true);
    expect(ids.verify(signFormat1('another key, as long'))).toBeUndefined();
  });

  test.each(['', 'schön', '垃圾郵件', '"quoted", comma', 'x'.repeat(500)])('contain the label %j', (label) => {
    expect(ids.verify(ids.sign({ ...prediction, label }))).toMatchObject({ ...facts, label });
  });

  test('are safe in a URL or a header', () => {
    expect(ids.sign(prediction)).toMatch(/^[A-Za-z0-9_-]{80,120}$/);
  });

  test('of another key are rejected', () => {
    expect(createPredictionIds('another key, as long').verify(ids.sign(prediction))).toBeUndefined();
    expect(createPredictionIds(randomBytes(32)).verify(ids.sign(prediction))).toBeUndefined();
  });

  test('of former keys are accepted with their texts, and new ids are of the present key', () => {
    const rotated = createPredictionIds('the new key of some length', ['an even older one', KEY]);
    const old = ids.sign(prediction);
    expect(rotated.verify(old)).toEqual(ids.verify(old));
    expect(rotated.matches(rotated.verify(old)!, prediction.text)).toBe(true);
    expect(rotated.matches(rotated.verify(old)!, 'another text')).toBe(false);
    expect(rotated.verify(signFormat1(KEY))).toEqual(facts);
    expect(ids.verify(rotated.sign(prediction))).toBeUndefined();
    expect(createPredictionIds('the new key of some length').verify(rotated.sign(prediction))).toMatchObject(facts);
    expect(rotated.verify(createPredictionIds('a key that was never used').sign(prediction))).toBeUndefined();
  });

  test('with any changed byte are rejected', () => {
    const bytes = Buffer.from(ids.sign(prediction), 'base64url');
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i]! ^= 1;
      expect(ids.verify(changed.toString('base64url'))).toBeUndefined();
    }
  });

  test.each(['', '{', '[]', '["spam", 1, "ham"]', 'null'])(
    'with the right signature and the names %j are rejected',
    (names) => {
      for (const format of [1, 2]) {
        const payload = Buffer.concat([Buffer.of(format), Buffer.alloc(48), Buffer.from(names)]);
        for (const length of [payload.length, 20]) {
          const signed = payload.subarray(0, length);
          const signature = createHmac('sha256', KEY).update(signed).digest().subarray(0, 16);
          expect(ids.verify(Buffer.concat([signed, signature]).toString('base64url'))).toBeUndefined();
        }
      }
    },
  );

  test('that are shorter or longer are rejected', () => {
    const id = ids.sign(prediction);
    for (let length = 0; length < id.length; length++) expect(ids.verify(id.slice(0, length))).toBeUndefined();
    for (const suffix of ['A', '=', ' ', '.', 'AAAA', id]) expect(ids.verify(id + suffix)).toBeUndefined();
  });

  test('in another encoding are rejected, so that each prediction has one id', () => {
    const id = ids.sign(prediction);
    expect(ids.verify(Buffer.from(id, 'base64url').toString('base64'))).toBeUndefined();
    expect(ids.verify(`${id.slice(0, 10)}!${id.slice(10)}`)).toBeUndefined();
  });
});
