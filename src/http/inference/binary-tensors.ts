/**
 * The protocol's binary form of a tensor: little-endian, elements one after the other, and each element of a BYTES
 * tensor behind its length in four bytes.
 */

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LENGTH = 4;

/**
 * The strings of a BYTES tensor.
 *
 * @throws {RangeError} where a length does not fit what follows it, or an element is not UTF-8
 */
export function decodeStrings(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const strings: string[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const rest = bytes.length - offset - LENGTH;
    const length = rest < 0 ? Number.POSITIVE_INFINITY : view.getUint32(offset, true);
    if (length > rest) throw new RangeError(`element ${strings.length} is cut off`);
    offset += LENGTH;
    try {
      strings.push(utf8.decode(bytes.subarray(offset, offset + length)));
    } catch {
      throw new RangeError(`element ${strings.length} is not UTF-8`);
    }
    offset += length;
  }
  return strings;
}

/** A BYTES tensor of strings. */
export function encodeStrings(strings: readonly string[]): Buffer {
  const size = strings.reduce((sum, string) => sum + LENGTH + Buffer.byteLength(string), 0);
  const bytes = Buffer.allocUnsafe(size);
  let offset = 0;
  for (const string of strings) {
    const length = bytes.write(string, offset + LENGTH, 'utf8');
    bytes.writeUInt32LE(length, offset);
    offset += LENGTH + length;
  }
  return bytes;
}

/** An FP64 tensor. */
export function encodeDoubles(numbers: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(numbers.length * 8);
  for (const [i, number] of numbers.entries()) bytes.writeDoubleLE(number, i * 8);
  return bytes;
}
