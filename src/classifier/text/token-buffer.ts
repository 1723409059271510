/** What a token is. */
export const TokenKind = {
  /** A run of one punctuation mark or sign: a feature, but no word. */
  sign: 0,
  word: 1,
  /** A word of one character, so that character n-grams inside it would only repeat it: ideograph, kana or emoji. */
  ideograph: 2,
} as const;

/**
 * The tokens of one text, as ranges of its lower-case code units. One buffer serves text after text, so that
 * tokenising allocates nothing once the buffer has grown to the longest text.
 */
export interface TokenBuffer {
  /** Lower-case code units of the text's tokens. There is room for one more than the text has. */
  units: Uint16Array;
  /** The same memory, into which a string can be copied at once. */
  unitBytes: Buffer;
  /** First unit of each token. */
  starts: Int32Array;
  /** One past the last unit of each token. */
  ends: Int32Array;
  /** Hash of each token: `addUnit` over its units from `FNV_OFFSET_BASIS`, then `finishHash`. */
  hashes: Int32Array;
  /** The `TokenKind` of each token. */
  kinds: Uint8Array;
  count: number;
  /** How many of the tokens are words. */
  words: number;
}

/** Fills a buffer with the tokens of a text. */
export type Tokenizer = (text: string, into: TokenBuffer) => void;

export function createTokenBuffer(): TokenBuffer {
  const units = new Uint16Array(4096);
  return {
    units,
    unitBytes: Buffer.from(units.buffer),
    starts: new Int32Array(1024),
    ends: new Int32Array(1024),
    hashes: new Int32Array(1024),
    kinds: new Uint8Array(1024),
    count: 0,
    words: 0,
  };
}

/** Empties the buffer and makes room for `units` code units and as many tokens. */
export function resetTokens(buffer: TokenBuffer, units: number): void {
  buffer.count = 0;
  buffer.words = 0;
  if (buffer.units.length <= units) {
    const size = Math.max(units + 1, buffer.units.length * 2);
    buffer.units = new Uint16Array(size);
    buffer.unitBytes = Buffer.from(buffer.units.buffer);
  }
  if (buffer.starts.length < units) {
    const size = Math.max(units, buffer.starts.length * 2);
    buffer.starts = new Int32Array(size);
    buffer.ends = new Int32Array(size);
    buffer.hashes = new Int32Array(size);
    buffer.kinds = new Uint8Array(size);
  }
}

/** Appends a token that is a range of the buffer's units. */
export function pushToken(buffer: TokenBuffer, start: number, end: number, kind: number, hash: number): void {
  const { count } = buffer;
  buffer.starts[count] = start;
  buffer.ends[count] = end;
  buffer.kinds[count] = kind;
  buffer.hashes[count] = hash;
  buffer.count = count + 1;
  if (kind !== TokenKind.sign) buffer.words += 1;
}
