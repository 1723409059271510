/**
 * The tokens of one text, as ranges of its lower-case code units. One buffer serves text after text, so that
 * tokenising allocates nothing once the buffer has grown to the longest text.
 */
export interface TokenBuffer {
  /** Lower-case code units of the text. */
  units: Uint16Array;
  /** First unit of each token. */
  starts: Int32Array;
  /** One past the last unit of each token. */
  ends: Int32Array;
  /** 1 where a token is a word (or ideograph or emoji), 0 where it is a run of signs. */
  isWord: Uint8Array;
  count: number;
  /** How many of the tokens are words. */
  words: number;
}

/** Fills a buffer with the tokens of a text. */
export type Tokenizer = (text: string, into: TokenBuffer) => void;

export function createTokenBuffer(): TokenBuffer {
  return {
    units: new Uint16Array(4096),
    starts: new Int32Array(1024),
    ends: new Int32Array(1024),
    isWord: new Uint8Array(1024),
    count: 0,
    words: 0,
  };
}

/** Empties the buffer and makes room for `units` code units and as many tokens. */
export function resetTokens(buffer: TokenBuffer, units: number): void {
  buffer.count = 0;
  buffer.words = 0;
  if (buffer.units.length < units) {
    const size = Math.max(units, buffer.units.length * 2);
    buffer.units = new Uint16Array(size);
  }
  if (buffer.starts.length < units) {
    const size = Math.max(units, buffer.starts.length * 2);
    buffer.starts = new Int32Array(size);
    buffer.ends = new Int32Array(size);
    buffer.isWord = new Uint8Array(size);
  }
}
