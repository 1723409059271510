/** Returns a whole number from 0 to below a limit. */
export type Random = (limit: number) => number;

/** Creates the generator mulberry32, so that a run can be repeated with its seed. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

/** Numbers at which programs often break, as they are written in text and as 32-bit numbers. */
const INTERESTING = [0, 1, -1, 16, 32, 64, 100, 127, 128, 255, 256, 512, 1_000, 1_024, 4_096, 32_767, 32_768, 65_535];
const INTERESTING_LARGE = [65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER, 1e21];
const INTERESTING_BYTES = [0x00, 0x01, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x3a, 0x3b, 0x3d, 0x7f, 0x80, 0xc3, 0xff];

/** The largest number of changes to one input, as a power of two. */
const MAX_CHANGES_LOG2 = 5;
const MAX_BLOCK_BYTES = 64;

/** The parameters of mutations, beside the input. */
export interface MutationContext {
  readonly random: Random;
  readonly words: readonly Buffer[];
  /** The inputs that give their blocks. */
  readonly corpus: readonly Buffer[];
  readonly maxBytes: number;
}

/** Returns a changed copy of an input. */
export function mutate(input: Buffer, context: MutationContext): Buffer {
  const { random, maxBytes } = context;
  let data: Buffer = Buffer.from(input);
  for (let changes = 1 << random(MAX_CHANGES_LOG2); changes > 0; changes--) data = change(data, context);
  return data.length > maxBytes ? data.subarray(0, maxBytes) : data;
}

function change(data: Buffer, { random, words, corpus }: MutationContext): Buffer {
  const at = random(data.length + 1);
  const block = () => data.subarray(at, at + 1 + random(MAX_BLOCK_BYTES));
  const insert = (bytes: Uint8Array, replaced = 0) =>
    Buffer.concat([data.subarray(0, at), bytes, data.subarray(at + replaced)]);
  const pick = <T>(items: readonly T[]): T => items[random(items.length)]!;
  switch (random(12)) {
    case 0:
      if (at < data.length) data[at]! ^= 1 << random(8);
      return data;
    case 1:
      if (at < data.length) data[at] = random(256);
      return data;
    case 2:
      if (at < data.length) data[at] = pick(INTERESTING_BYTES);
      return data;
    case 3:
      return insert(Buffer.of(random(2) ? random(256) : pick(INTERESTING_BYTES)));
    case 4:
      return insert(Buffer.alloc(0), block().length);
    case 5:
      return insert(block());
    case 6:
    case 7: {
      if (words.length === 0) return data;
      const word = pick(words);
      return insert(word, random(2) * word.length);
    }
    case 8:
      return insert(Buffer.from(String(pick(random(2) ? INTERESTING : INTERESTING_LARGE))), random(4));
    case 9: {
      const bytes = Buffer.alloc(4);
      const number = (pick(random(2) ? INTERESTING : INTERESTING_LARGE) % 2 ** 32) >>> 0;
      if (random(2)) bytes.writeUInt32LE(number);
      else bytes.writeUInt32BE(number);
      const width = pick([1, 2, 4]);
      return insert(bytes.subarray(0, width), random(2) * width);
    }
    case 10: {
      const other = pick(corpus);
      const from = random(other.length + 1);
      return insert(other.subarray(from, from + 1 + random(MAX_BLOCK_BYTES)), random(2) * MAX_BLOCK_BYTES);
    }
    default: {
      const other = pick(corpus);
      return Buffer.concat([data.subarray(0, at), other.subarray(random(other.length + 1))]);
    }
  }
}
