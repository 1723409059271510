import type { z } from 'zod';
import { nameOfSource, openByteSource, peek } from './byte-source.ts';
import { readCsvRows } from './csv-rows.ts';
import { createBadLines, DataFileError } from './data-file-error.ts';
import { decodeText, type Encoding } from './decode-text.ts';
import { chooseFormat, type FileFormat } from './file-format.ts';
import { readJsonRows } from './json-rows.ts';

/** A data file that was read. */
export interface DataFile {
  readonly name: string;
  readonly format: FileFormat['name'];
  /** The character between fields, if it is not the usual one of the format. */
  readonly delimiter?: string;
  readonly encoding: Encoding;
  readonly hasByteOrderMark: boolean;
  readonly isCompressed: boolean;
  /** The number of valid rows. */
  readonly rows: number;
}

/** Options of `readRows`. */
export interface RowOptions<Row> {
  readonly schema: z.ZodType<Row>;
  /** The form of a valid row, for the error message. */
  readonly allowed: string;
  /** The fields that every row has. */
  readonly requiredFields?: readonly string[];
  /** Receives the stored bytes in their order, for a digest or for progress. */
  readonly onChunk?: (chunk: Buffer) => void;
}

/** The maximum number of field names in a message. */
const MAX_NAMES = 20;

/**
 * Streams the rows of a file of any size: JSON Lines, CSV or TSV, in UTF-8 or UTF-16, compressed by gzip or not. A bad line
 * does not stop the reading, so that the error reports several at once.
 *
 * @param path the file, or `-` for standard input
 * @param onRow receives each valid row with the number of its first line, starting at 1
 * @throws {DataFileError} if the file cannot be read, has no row, has bad lines, or lacks a required field
 */
export async function readRows<Row>(
  path: string,
  { schema, allowed, requiredFields = [], onChunk = () => {} }: RowOptions<Row>,
  onRow: (row: Row, line: number) => void,
): Promise<DataFile> {
  const name = nameOfSource(path);
  const badLines = createBadLines(name, allowed);
  let rows = 0;
  let isFirst = true;

  function takeValue(value: unknown, line: number): void {
    if (typeof value === 'object' && value !== null) {
      const missing = requiredFields.filter((field) => !Object.hasOwn(value, field));
      // A wrong name is a mistake in the command, and not one in each line.
      if (isFirst && missing.length > 0) throw missingFieldError(name, missing, Object.keys(value));
      isFirst = false;
      if (missing.length > 0) {
        badLines.add(line, `it has no field ${quoteNames(missing)}`);
        return;
      }
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) {
      rows += 1;
      onRow(parsed.data, line);
      return;
    }
    const { path: field, message } = parsed.error.issues[0]!;
    badLines.add(line, field.length === 0 ? 'this is not a JSON object' : `${field.join('.')}: ${message}`);
  }

  const { chunks, isCompressed } = await openByteSource(path, onChunk);
  const { encoding, hasByteOrderMark, blocks } = await decodeText(chunks, badLines.add);
  const { head, all } = await peek(blocks, 1);
  const format = chooseFormat(path, firstLineOf(head));
  await (format.name === 'JSON Lines'
    ? readJsonRows(all, name, takeValue, badLines.add)
    : readCsvRows(all, { file: name, delimiter: format.delimiter }, takeValue, badLines.add));
  badLines.throwIfAny();
  if (rows === 0) throw new DataFileError({ file: name, reason: 'is empty', allowed });
  return {
    name,
    format: format.name,
    ...(format.name === 'CSV' && format.delimiter !== ',' && { delimiter: format.delimiter }),
    encoding,
    hasByteOrderMark,
    isCompressed,
    rows,
  };
}

/**
 * Reads a whole text file, in UTF-8 or UTF-16, compressed by gzip or not.
 *
 * @param onChunk receives the stored bytes in their order
 * @throws {DataFileError} if the file cannot be read, or is not valid in its encoding
 */
export async function readTextFile(path: string, onChunk: (chunk: Buffer) => void = () => {}): Promise<string> {
  const badLines = createBadLines(nameOfSource(path), 'UTF-8, or UTF-16 with a byte order mark');
  const { chunks } = await openByteSource(path, onChunk);
  const { blocks } = await decodeText(chunks, badLines.add);
  const read: Buffer[] = [];
  for await (const block of blocks) read.push(block);
  badLines.throwIfAny();
  return Buffer.concat(read).toString('utf8');
}

function firstLineOf(block: Buffer): string {
  const text = block.toString('utf8', 0, 65_536).trimStart();
  return text.split('\n', 1)[0]!;
}

function missingFieldError(file: string, missing: readonly string[], names: readonly string[]): DataFileError {
  const others = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
  const reason =
    names.length === 0
      ? `has no field ${quoteNames(missing)}: its first row has no fields`
      : `has no field ${quoteNames(missing)}; its fields are ${quoteNames(names.slice(0, MAX_NAMES))}${others}`;
  return new DataFileError({ file, reason, allowed: 'other names by --text-field and --label-field' });
}

const quoteNames = (names: readonly string[]) => names.map((name) => JSON.stringify(name)).join(', ');
