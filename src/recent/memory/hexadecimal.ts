const DIGITS = new Uint8Array(128);
for (let code = 0; code < 16; code += 1) DIGITS[code.toString(16).charCodeAt(0)] = code;

/** Returns eight hexadecimal digits of a string as a number of 32 bits. `Buffer.write` takes longer for so few. */
export function readHex(text: string, from: number): number {
  let value = 0;
  for (let at = from; at < from + 8; at += 1) value = (value << 4) | DIGITS[text.charCodeAt(at) & 127]!;
  return value >>> 0;
}

/** Returns a number of 32 bits as eight hexadecimal digits. */
export function writeHex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
