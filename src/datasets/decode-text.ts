import { isUtf8 } from 'node:buffer';
import { StringDecoder } from 'node:string_decoder';
import { peek } from './byte-source.ts';

/** The encodings that are recognised. */
export type Encoding = 'UTF-8' | 'UTF-16LE' | 'UTF-16BE';

/** A text as blocks of whole lines in UTF-8, without a byte order mark. Only the last line may lack its line break. */
export interface DecodedText {
  readonly encoding: Encoding;
  readonly hasByteOrderMark: boolean;
  readonly blocks: AsyncIterable<Buffer>;
}

/** Receives a line that is not valid in the encoding of its file. Lines are numbered from 1. */
export type OnBadLine = (line: number, reason: string) => void;

const NEWLINE = 0x0a;

const byteOrderMarks: readonly (readonly [Encoding, Buffer])[] = [
  ['UTF-8', Buffer.from([0xef, 0xbb, 0xbf])],
  ['UTF-16LE', Buffer.from([0xff, 0xfe])],
  ['UTF-16BE', Buffer.from([0xfe, 0xff])],
];

/** The number of bytes that decide the encoding. */
const HEAD_BYTES = 4;

/**
 * Decodes UTF-8, and UTF-16 in either byte order. The encoding is recognised by the byte order mark; without one, by the zero
 * bytes of an ASCII character in UTF-16. Bad lines are reported, and passed on with replacement characters.
 */
export async function decodeText(chunks: AsyncIterable<Buffer>, onBadLine: OnBadLine): Promise<DecodedText> {
  const { head, all } = await peek(chunks, HEAD_BYTES);
  const marked = byteOrderMarks.find(([, mark]) => head.subarray(0, mark.length).equals(mark));
  const encoding = marked?.[0] ?? encodingWithoutMark(head);
  const content = marked ? skipBytes(all, marked[1].length) : all;
  const blocks =
    encoding === 'UTF-8' ? checkUtf8(content, onBadLine) : convertUtf16(content, encoding === 'UTF-16BE', onBadLine);
  return { encoding, hasByteOrderMark: marked !== undefined, blocks };
}

function encodingWithoutMark(head: Buffer): Encoding {
  if (head.length < 2) return 'UTF-8';
  if (head[0] === 0 && head[1] !== 0) return 'UTF-16BE';
  return head[0] !== 0 && head[1] === 0 ? 'UTF-16LE' : 'UTF-8';
}

async function* skipBytes(chunks: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  for await (const chunk of chunks) {
    const skipped = Math.min(left, chunk.length);
    left -= skipped;
    if (skipped < chunk.length) yield chunk.subarray(skipped);
  }
}

/** Joins chunks into blocks of whole lines. */
async function* wholeLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      rest.push(chunk);
      continue;
    }
    const lines = chunk.subarray(0, end);
    yield rest.length === 0 ? lines : Buffer.concat([...rest, lines]);
    rest = end < chunk.length ? [chunk.subarray(end)] : [];
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}

async function* checkUtf8(chunks: AsyncIterable<Buffer>, onBadLine: OnBadLine): AsyncGenerator<Buffer> {
  let line = 1;
  for await (const block of wholeLines(chunks)) {
    if (isUtf8(block)) {
      line += countNewlines(block);
      yield block;
      continue;
    }
    for (let start = 0; start < block.length; line += 1) {
      const newline = block.indexOf(NEWLINE, start);
      const end = newline === -1 ? block.length : newline + 1;
      if (!isUtf8(block.subarray(start, end))) onBadLine(line, 'its bytes are not UTF-8');
      start = end;
    }
    yield Buffer.from(block.toString('utf8'));
  }
}

async function* convertUtf16(
  chunks: AsyncIterable<Buffer>,
  isBigEndian: boolean,
  onBadLine: OnBadLine,
): AsyncGenerator<Buffer> {
  const decoder = new StringDecoder('utf16le');
  let odd: Buffer = Buffer.alloc(0);
  let rest = '';
  let line = 1;
  const toUtf8 = (text: string) => {
    if (!text.isWellFormed()) {
      for (const [at, content] of text.split('\n').entries()) {
        if (!content.isWellFormed()) onBadLine(line + at, 'it has half of a surrogate pair, so it is not UTF-16');
      }
    }
    const bytes = Buffer.from(text);
    line += countNewlines(bytes);
    return bytes;
  };
  for await (const chunk of chunks) {
    // A copy, because the bytes may be swapped in place.
    const bytes = Buffer.concat([odd, chunk]);
    const evenLength = bytes.length - (bytes.length % 2);
    odd = bytes.subarray(evenLength);
    const units = bytes.subarray(0, evenLength);
    if (isBigEndian) units.swap16();
    rest += decoder.write(units);
    const end = rest.lastIndexOf('\n') + 1;
    if (end === 0) continue;
    yield toUtf8(rest.slice(0, end));
    rest = rest.slice(end);
  }
  rest += decoder.end();
  if (rest !== '') yield toUtf8(rest);
  if (odd.length > 0) onBadLine(line, 'the file ends within a character of UTF-16');
}

function countNewlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}
