const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes of the length before each element of a BYTES tensor. */
const LENGTH_BYTES = 4;

/**
 * Decodes the strings of a BYTES tensor. In the binary form of the protocol all numbers are little-endian, elements
 * follow one another, and each element of a BYTES tensor follows its length.
 *
 * @param max the decoding stops after one more element
 * @throws {RangeError} if an element is cut off or is not UTF-8
 */
export function decodeStrings(bytes: Uint8Array, max = Number.POSITIVE_INFINITY): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const strings: string[] = [];
  let offset = 0;
  while (offset < bytes.length && strings.length <= max) {
    const rest = bytes.length - offset - LENGTH_BYTES;
    const length = rest < 0 ? Number.POSITIVE_INFINITY : view.getUint32(offset, true);
    if (length > rest) throw new RangeError(`element ${strings.length} is cut off`);
    offset += LENGTH_BYTES;
    try {
      strings.push(utf8.decode(bytes.subarray(offset, offset + length)));
    } catch {
      throw new RangeError(`element ${strings.length} is not UTF-8`);
    }
    offset += length;
  }
  return strings;
}

/** Encodes strings as a BYTES tensor. */
export function encodeStrings(strings: readonly string[]): Buffer {
  const size = strings.reduce((sum, string) => sum + LENGTH_BYTES + Buffer.byteLength(string), 0);
  const bytes = Buffer.allocUnsafe(size);
  let offset = 0;
  for (const string of strings) {
    const length = bytes.write(string, offset + LENGTH_BYTES, 'utf8');
    bytes.writeUInt32LE(length, offset);
    offset += LENGTH_BYTES + length;
  }
  return bytes;
}

/** Encodes numbers as an FP64 tensor. */
export function encodeDoubles(numbers: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(numbers.length * 8);
  for (const [i, number] of numbers.entries()) bytes.writeDoubleLE(number, i * 8);
  return bytes;
}
