import { decodeStrings, encodeStrings } from '../../../src/http/inference/binary-tensors.ts';
import { parseInference } from '../../../src/http/inference/inference-request.ts';
import { Problem } from '../../../src/platform/problems.ts';

const limits = { maxTexts: 64, maxCharacters: 1_000 };

/** Reads the bytes as a tensor, and as a request: the length of its JSON, the JSON, and the tensor. */
export function fuzz(data: Buffer): void {
  try {
    if (!encodeStrings(decodeStrings(data)).equals(data)) throw new Error('the tensor was not read as it is');
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  if (data.length < 2) return;
  const length = data.readUInt16LE(0);
  try {
    const { texts } = parseInference(data.subarray(2), length === 0 ? '' : String(length), limits);
    const isBounded = texts.length <= limits.maxTexts && texts.every((text) => text.length <= limits.maxCharacters);
    if (texts.length === 0 || !isBounded) throw new Error('the limits were not applied');
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
}
