import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DataFileError } from './data-file-error.ts';

/** The path that stands for standard input. */
export const STANDARD_INPUT = '-';

const STDIN_FD = 0;
const CHUNK_BYTES = 1 << 20;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

/** The bytes of a file, decompressed if necessary. */
export interface ByteSource {
  readonly chunks: AsyncIterable<Buffer>;
  readonly isCompressed: boolean;
}

/** Returns the name of a file for messages. */
export function nameOfSource(path: string): string {
  return path === STANDARD_INPUT ? 'standard input' : path;
}

/**
 * Opens a file, or standard input for `-`. A file in the gzip format is decompressed. Its name does not matter.
 *
 * @param onChunk receives the bytes as they are stored, in their order
 * @throws {DataFileError} if the file cannot be read; also while the chunks are read
 */
export async function openByteSource(path: string, onChunk: (chunk: Buffer) => void): Promise<ByteSource> {
  const { head, all } = await peek(readStored(path, onChunk), GZIP_MAGIC.length);
  const isCompressed = head.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC);
  return { chunks: isCompressed ? decompress(all, nameOfSource(path)) : all, isCompressed };
}

/**
 * Reads the first bytes of a stream.
 *
 * @returns at least `bytes` bytes, or all if there are fewer; and the whole stream, with these bytes
 */
export async function peek(
  source: AsyncIterable<Buffer>,
  bytes: number,
): Promise<{ head: Buffer; all: AsyncIterable<Buffer> }> {
  const iterator = source[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < bytes) {
    const next = await iterator.next();
    if (next.done) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  async function* all(): AsyncGenerator<Buffer> {
    try {
      if (head.length > 0) yield head;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { head, all: all() };
}

/**
 * Measures files before they are read: the bytes that are stored, and those of the decompressed content. Standard input and
 * files that cannot be read count as 0.
 */
export async function measureSources(
  paths: readonly string[],
): Promise<{ readonly storedBytes: number; readonly contentBytes: number }> {
  let [storedBytes, contentBytes] = [0, 0];
  for (const path of paths) {
    const { stored, content } = await measure(path).catch(() => ({ stored: 0, content: 0 }));
    storedBytes += stored;
    contentBytes += content;
  }
  return { storedBytes, contentBytes };
}

async function measure(path: string): Promise<{ stored: number; content: number }> {
  if (path === STANDARD_INPUT) return { stored: 0, content: 0 };
  const stats = await stat(path);
  // To open a FIFO waits for its writer, and to read from it takes its first bytes away.
  if (!stats.isFile()) return { stored: 0, content: 0 };
  const file = await open(path);
  try {
    const [magic, size] = [Buffer.alloc(GZIP_MAGIC.length), Buffer.alloc(4)];
    await file.read(magic, 0, magic.length, 0);
    if (!magic.equals(GZIP_MAGIC)) return { stored: stats.size, content: stats.size };
    // The last four bytes of the gzip format are the size of the content, modulo 2^32.
    await file.read(size, 0, size.length, Math.max(0, stats.size - size.length));
    return { stored: stats.size, content: Math.max(stats.size, size.readUInt32LE()) };
  } finally {
    await file.close();
  }
}

async function* readStored(path: string, onChunk: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  // A worker thread has no standard input of its own, but it shares the file descriptor.
  const stream =
    path === STANDARD_INPUT
      ? createReadStream('', { fd: STDIN_FD, autoClose: false, highWaterMark: CHUNK_BYTES })
      : createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    for (;;) {
      const next = await chunks.next().catch((error: Error) => {
        const reason = `cannot be read: ${error.message}`;
        throw new DataFileError({ file: nameOfSource(path), reason }, { cause: error });
      });
      if (next.done) return;
      onChunk(next.value);
      yield next.value;
    }
  } finally {
    await chunks.return?.();
  }
}

async function* decompress(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const feeding = pipeline(Readable.from(chunks), gunzip);
  // The iteration below throws the same error.
  feeding.catch(() => {});
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } catch (error) {
    if (!(error as NodeJS.ErrnoException).code?.startsWith('Z_')) throw error;
    const reason = `cannot be decompressed: ${(error as Error).message}`;
    throw new DataFileError({ file, reason }, { cause: error });
  }
}
