import { createHmac } from 'node:crypto';
import { createPredictionIds } from '../../../src/predictions/prediction-id.ts';

const KEY = 'the key of the fuzzer';
const ids = createPredictionIds(KEY, ['a former key of it']);

/** Verifies the bytes as an id, and as the payload of an id that is signed with the right key. */
export function fuzz(data: Buffer): void {
  if (ids.verify(data.toString('latin1')) !== undefined) throw new Error('an id without the key was accepted');
  const signature = createHmac('sha256', KEY).update(data).digest().subarray(0, 16);
  const reference = ids.verify(Buffer.concat([data, signature]).toString('base64url'));
  if (reference === undefined) return;
  if (!/^[0-9a-f]{32}$/.test(reference.traceId) || !/^[0-9a-f]{16}$/.test(reference.spanId)) {
    throw new Error('the id has no trace');
  }
  ids.matches(reference, 'a text');
}
