import { createReadStream } from 'node:fs';
import type { z } from 'zod';

/** The number of bad lines that an error lists. */
const MAX_LISTED = 20;

/** A line that does not have the expected form. Lines are numbered from 1. */
export interface BadLine {
  readonly line: number;
  readonly reason: string;
}

/** The details of a `DataFileError`. */
export interface DataFileProblem {
  readonly file: string;
  /** The end of a sentence that begins with the name of the file, such as "cannot be read". */
  readonly reason: string;
  /** The first bad lines, at most 20. */
  readonly badLines?: readonly BadLine[];
  /** The form of a valid line. */
  readonly allowed?: string;
}

/** A data file that cannot be used. The message names the file, the bad lines with their reasons, and what is allowed. */
export class DataFileError extends Error {
  override name = 'DataFileError';
  readonly problem: DataFileProblem;

  constructor(problem: DataFileProblem, options?: ErrorOptions) {
    super(describe(problem), options);
    this.problem = problem;
  }
}

function describe({ file, reason, badLines = [], allowed }: DataFileProblem): string {
  const hint = allowed === undefined ? '' : `; allowed: ${allowed}`;
  const [first, ...others] = badLines;
  if (first && others.length === 0) return `${file}, line ${first.line}: ${first.reason}${hint}`;
  return [`${file} ${reason}${hint}`, ...badLines.map((bad) => `line ${bad.line}: ${bad.reason}`)].join('\n  ');
}

/** Options of `readJsonLines`. */
export interface JsonLinesOptions<Row> {
  readonly schema: z.ZodType<Row>;
  /** The form of a valid line, for the error message. */
  readonly allowed: string;
  /** Receives the bytes of the file in their order, for a digest or for progress. */
  readonly onChunk?: (chunk: Buffer) => void;
}

/**
 * Streams the rows of a JSON Lines file of any size. Blank lines are skipped. A bad line does not stop the reading, so
 * that the error reports all of them at once.
 *
 * @param onRow receives each valid row with the number of its line, starting at 1
 * @throws {DataFileError} if the file cannot be read, has no row, or has bad lines
 */
export async function readJsonLines<Row>(
  file: string,
  { schema, allowed, onChunk }: JsonLinesOptions<Row>,
  onRow: (row: Row, line: number) => void,
): Promise<void> {
  const badLines: BadLine[] = [];
  let lines = 0;
  let rows = 0;
  let bad = 0;

  function readLine(text: string): void {
    lines += 1;
    if (text.trim() === '') return;
    const parsed = parseRow(text, schema);
    if (typeof parsed !== 'string') {
      rows += 1;
      onRow(parsed.row, lines);
      return;
    }
    bad += 1;
    if (badLines.length < MAX_LISTED) badLines.push({ line: lines, reason: parsed });
  }

  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of readChunks(file)) {
    onChunk?.(chunk);
    const whole = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = whole.pop()!;
    for (const text of whole) readLine(text);
  }
  readLine(rest + decoder.decode());

  if (bad > 0) {
    const listed = bad > MAX_LISTED ? ` (the first ${MAX_LISTED} are listed)` : '';
    throw new DataFileError({ file, reason: `has ${bad} bad lines${listed}`, badLines, allowed });
  }
  if (rows === 0) throw new DataFileError({ file, reason: 'is empty', allowed });
}

/** Returns the row of a line, or the reason why it is not valid. */
function parseRow<Row>(text: string, schema: z.ZodType<Row>): { row: Row } | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'this is not valid JSON';
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { row: parsed.data };
  const { path, message } = parsed.error.issues[0]!;
  return path.length === 0 ? 'this is not a JSON object' : `${path.join('.')}: ${message}`;
}

async function* readChunks(file: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>;
  } catch (error) {
    throw new DataFileError({ file, reason: `cannot be read: ${(error as Error).message}` }, { cause: error });
  }
}
