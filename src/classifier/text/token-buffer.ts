/** The kind of a token. */
export const TokenKind = {
  /** A run of one punctuation mark or symbol. It is a feature, but not a word. */
  sign: 0,
  word: 1,
  /**
   * A word of one character: ideograph, kana or emoji. It has no character n-grams, which would only repeat the word.
   */
  ideograph: 2,
} as const;

/**
 * The tokens of one text, as ranges of its lower-case code units. One buffer serves text after text. Tokenising
 * allocates nothing once the buffer has grown to the longest text.
 */
export interface TokenBuffer {
  /** Lower-case code units of the tokens. The array is at least one unit longer than the text. */
  units: Uint16Array;
  /** The memory of `units` as bytes, into which a whole string can be copied at once. */
  unitBytes: Buffer;
  /** Position in `units` of the first unit of each token. */
  starts: Int32Array;
  /** Position in `units` after the last unit of each token. */
  ends: Int32Array;
  /** Hash of each token: `addUnit` over its units from `FNV_OFFSET_BASIS` on, then `finishHash`. */
  hashes: Int32Array;
  /** The `TokenKind` of each token. */
  kinds: Uint8Array;
  /** The number of tokens. */
  count: number;
  /** The number of tokens that are words, ideographs included. */
  wordCount: number;
  /** True if the text hid letters behind invisible characters or look-alike letters. Without normalisation it is false. */
  isObfuscated: boolean;
}

/** A function that replaces the contents of a buffer by the tokens of a text. */
export type Tokenizer = (text: string, buffer: TokenBuffer) => void;

/** Creates an empty buffer, which grows when it has to. */
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
    wordCount: 0,
    isObfuscated: false,
  };
}

/** Empties the buffer and makes room for `units` code units and for as many tokens. */
export function resetTokens(buffer: TokenBuffer, units: number): void {
  buffer.count = 0;
  buffer.wordCount = 0;
  buffer.isObfuscated = false;
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

/** Appends a token, which is the range from `start` up to `end` of the buffer's units. */
export function pushToken(buffer: TokenBuffer, start: number, end: number, kind: number, hash: number): void {
  const { count } = buffer;
  buffer.starts[count] = start;
  buffer.ends[count] = end;
  buffer.kinds[count] = kind;
  buffer.hashes[count] = hash;
  buffer.count = count + 1;
  if (kind !== TokenKind.sign) buffer.wordCount += 1;
}
