import { AsyncLocalStorage } from 'node:async_hooks';
import PostalMime from 'postal-mime';

/** The limit that a message exceeded, so that only a part of it was read. */
export type MailLimit = 'lines' | 'parts' | 'depth' | 'header' | 'size' | 'time' | 'memory' | 'queue' | 'broken';

/** The maximum number of lines in one part of a message. A line costs up to 10 µs and 2 kB of memory. */
const MAX_PART_LINES = 10_000;
/** The maximum number of bytes in one part of a message. Attachments are not needed, so they are cut here too. */
const MAX_PART_BYTES = 2 * 1024 * 1024;
/** The maximum number of lines in a message. Its other lines are not read. */
const MAX_LINES = 1_000_000;
/** The maximum number of parts in a message. */
const MAX_PARTS = 1_000;
/** The maximum number of parts that contain each other. */
const MAX_DEPTH = 64;
/** The maximum number of bytes in the headers of a message and its parts. Beyond it only the fields below are read. */
const MAX_HEADER_BYTES = 128 * 1024;
/** The maximum number of bytes in one line of a header. */
const MAX_HEADER_LINE_BYTES = 16 * 1024;
/** The maximum length of a line that may end a part: "--" and a boundary. RFC 2046 allows 70 characters in a boundary. */
const MAX_BOUNDARY_LENGTH = 1_024;
/** The number of lines between two looks at the clock. */
const LINES_BETWEEN_CHECKS = 512;
/** The maximum number of messages that contain each other. Each is read again by the parser of its container. */
const MAX_NESTED_MESSAGES = 3;

/** The header fields that decide over the text: always read, however large the header is. */
const NEEDED_FIELD = /^(?:subject|content-[a-z-]+|mime-version):/i;

/** The same fields with their values, as lines of a header. */
const NEEDED_LINES = /^(?:subject|content-[a-z-]+|mime-version):[^\n]*(?:\n[ \t][^\n]*)*/gim;
/** The maximum number of needed fields beyond the maximum size. The parser uses the first of each name. */
const MAX_NEEDED_FIELDS = 20;

const CR = 0x0d;
const LF = 0x0a;

/** The part of a message to which a line belongs. */
interface MimeNode {
  readonly state: 'header' | 'body' | 'finished';
  readonly depth: number;
  readonly contentType: { readonly parsed: { readonly value: string } };
}

/** The members of postal-mime that its types do not declare. A test fails if a new release renames them. */
interface ParserInternals {
  av: Uint8Array;
  readPos: number;
  currentNode: MimeNode;
  processLine(line: Uint8Array, isFinal: boolean): Promise<void>;
}

/** The parsed parts of a message. */
export interface MimeContent {
  readonly subject: string;
  readonly plain: string;
  readonly html: string;
  /** The first limit that the message exceeded, or `undefined` if it was read completely. */
  readonly limit: MailLimit | undefined;
}

const EMPTY_LINE = new Uint8Array(0);

/** The budget of the message that is being parsed. */
const budgets = new AsyncLocalStorage<Budget>();

// The parser creates further parsers for messages in a message. The prototype is the only way to reach them.
const parserInternals = PostalMime.prototype as unknown as ParserInternals;
const { processLine } = parserInternals;
parserInternals.processLine = function processBoundedLine(this: ParserInternals, line, isFinal) {
  return budgets.getStore()?.process(this, line, isFinal) ?? processLine.call(this, line, isFinal);
};

/**
 * Parses a message, with bounds on its lines, parts, depth and headers. Lines beyond a bound are skipped, so that all
 * that was read before them counts. The parser has no such bounds: 8 MB of short lines take 45 s and 3.9 GB.
 *
 * @param deadline the reading of lines stops at this time of `performance.now()`
 */
export async function parseMime(raw: Uint8Array, deadline = Number.POSITIVE_INFINITY): Promise<MimeContent> {
  const budget = createBudget(deadline);
  const message = boundHeader(raw);
  if (message !== raw) budget.exceed('header');
  const options = {
    maxNestingDepth: Number.MAX_SAFE_INTEGER,
    maxHeadersSize: Number.MAX_SAFE_INTEGER,
    maxRfc822NestingDepth: MAX_NESTED_MESSAGES,
  };
  const { subject, text, html } = await budgets.run(budget, () => PostalMime.parse(message, options));
  return { subject: subject ?? '', plain: text ?? '', html: html ?? '', limit: budget.limit() };
}

/**
 * Returns a message whose own header fits: beyond the maximum it has the needed fields alone. The parser would take
 * seconds for the lines of a header of 7 MB.
 */
function boundHeader(raw: Uint8Array): Uint8Array {
  const message = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  let end = message.indexOf(LF);
  while (end !== -1 && message[end + 1] !== LF && !(message[end + 1] === CR && message[end + 2] === LF)) {
    end = message.indexOf(LF, end + 1);
  }
  const length = end === -1 ? message.length : end + 1;
  if (length <= MAX_HEADER_BYTES) return raw;
  const start = message.lastIndexOf(LF, MAX_HEADER_BYTES) + 1;
  const needed = message.toString('latin1', start, length).match(NEEDED_LINES) ?? [];
  const fields = needed.slice(0, MAX_NEEDED_FIELDS).map((field) => `${field.slice(0, MAX_HEADER_LINE_BYTES)}\r\n`);
  return Buffer.concat([message.subarray(0, start), Buffer.from(fields.join(''), 'latin1'), message.subarray(length)]);
}

/** The bounds of one message. */
interface Budget {
  readonly exceed: (limit: MailLimit) => void;
  readonly limit: () => MailLimit | undefined;
  readonly process: (parser: ParserInternals, line: Uint8Array, isFinal: boolean) => Promise<void>;
}

function createBudget(deadline: number): Budget {
  let limit: MailLimit | undefined;
  let lines = 0;
  let parts = 0;
  let headerBytes = 0;
  let isFieldKept = true;
  let partLines = 0;
  let partBytes = 0;

  function exceed(exceeded: MailLimit): void {
    limit ??= exceeded;
  }

  /** Ends the reading. The parser then returns the parts that it has read so far. */
  function stop(parser: ParserInternals, exceeded: MailLimit): Promise<void> {
    exceed(exceeded);
    parser.readPos = parser.av.length;
    return processLine.call(parser, EMPTY_LINE, true);
  }

  function isHeaderLineKept(line: Uint8Array): boolean {
    headerBytes += line.length;
    if (line.length > MAX_HEADER_LINE_BYTES) exceed('header');
    if (line.length === 0 || headerBytes <= MAX_HEADER_BYTES) return true;
    const isContinuation = line[0] === 0x20 || line[0] === 0x09;
    if (!isContinuation) isFieldKept = NEEDED_FIELD.test(Buffer.from(line.subarray(0, 64)).toString('latin1'));
    if (!isFieldKept || isContinuation) exceed('header');
    return isFieldKept && !isContinuation;
  }

  /** Returns the part of a line that fits, or `undefined` if nothing of it is read. */
  function boundBodyLine(line: Uint8Array, { contentType }: MimeNode): Uint8Array | undefined {
    const remaining = MAX_PART_BYTES - partBytes;
    partLines += 1;
    partBytes += line.length;
    if (partLines <= MAX_PART_LINES && line.length <= remaining) return line;
    if (/^(?:text|message|multipart)\//.test(contentType.parsed.value)) {
      exceed(line.length > remaining ? 'size' : 'lines');
    }
    // It may be the end of the part.
    if (line[0] === 0x2d && line[1] === 0x2d) return line.subarray(0, MAX_BOUNDARY_LENGTH);
    return partLines <= MAX_PART_LINES && remaining > 0 ? line.subarray(0, remaining) : undefined;
  }

  return {
    exceed,
    limit: () => limit,
    async process(parser, line, isFinal) {
      lines += 1;
      if (lines > MAX_LINES) return stop(parser, 'lines');
      if (lines % LINES_BETWEEN_CHECKS === 0 && performance.now() > deadline) return stop(parser, 'time');
      const node = parser.currentNode;
      let kept: Uint8Array | undefined;
      if (node.state !== 'header') kept = boundBodyLine(line, node);
      else if (isHeaderLineKept(line)) kept = line.subarray(0, MAX_HEADER_LINE_BYTES);
      if (kept === undefined) {
        if (isFinal) await processLine.call(parser, EMPTY_LINE, true);
        return;
      }
      await processLine.call(parser, kept, isFinal);
      const { currentNode } = parser;
      if (currentNode === node) return;
      partLines = 0;
      partBytes = 0;
      isFieldKept = true;
      if (currentNode.state !== 'header') return;
      parts += 1;
      if (parts >= MAX_PARTS) await stop(parser, 'parts');
      else if (currentNode.depth >= MAX_DEPTH) await stop(parser, 'depth');
    },
  };
}
