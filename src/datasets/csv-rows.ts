import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { DataFileError } from './data-file-error.ts';
import type { OnBadLine } from './decode-text.ts';

/** The limit on one row, in bytes. A quote without its counterpart would take the rest of the file into memory. */
const MAX_ROW_BYTES = 64 * 1024 * 1024;

const QUOTE_NOT_DOUBLED = 'a quote inside a quoted field must be doubled';

/** A row, and its text as it stands in the file. */
interface ParsedRow {
  readonly record: readonly string[];
  readonly raw: string;
}

/**
 * Reads CSV, or the same with another delimiter. The first row has the names of the fields. Quoted fields may have line
 * breaks. A quote within a field that does not begin with one is a character like any other.
 *
 * @param file the name of the file, for messages
 * @param onRow receives the fields of each row by name, with the number of its first line
 * @param onBadLine receives each row that is not valid
 * @throws {DataFileError} if two fields have the same name
 */
export async function readCsvRows(
  blocks: AsyncIterable<Buffer>,
  { file, delimiter }: { file: string; delimiter: string },
  onRow: (fields: Record<string, string>, line: number) => void,
  onBadLine: OnBadLine,
): Promise<void> {
  let header: readonly string[] | undefined;
  let line = 1;

  function takeRow(record: readonly string[], raw: string): void {
    const start = line;
    // The parser counts a line break of two characters twice within quotes.
    line += 1 + record.reduce((sum, field) => sum + field.split('\n').length - 1, 0);
    if (record.length === 1 && record[0]!.trim() === '') return;
    if (record.some((field) => hasStrayQuote(field, raw))) onBadLine(start, QUOTE_NOT_DOUBLED);
    else if (header === undefined) header = headerOf(record, file);
    else if (record.length !== header.length) {
      onBadLine(start, `it has ${record.length} fields, and the first row has ${header.length}`);
    } else onRow(Object.fromEntries(header.map((name, at) => [name, record[at]!])), start);
  }

  const parser = parse({
    delimiter,
    relax_column_count: true,
    relax_quotes: true,
    raw: true,
    max_record_size: MAX_ROW_BYTES,
    // Rows are not pushed into the stream, where an error would drop those that wait.
    on_record: (row: unknown) => {
      const { record, raw } = row as ParsedRow;
      takeRow(record, raw);
      return null;
    },
  });
  parser.resume();
  try {
    await pipeline(Readable.from(blocks, { objectMode: true }), parser);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    onBadLine(line, reasonOf(error));
  }
}

function headerOf(record: readonly string[], file: string): readonly string[] {
  const names = record.map((name) => name.trim());
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated === undefined) return names;
  throw new DataFileError({ file, reason: `has the field ${JSON.stringify(repeated)} twice in its first row` });
}

/**
 * Returns whether the parser took text behind a closing quote into the field. Such a field begins with a quote that is not
 * doubled in the file.
 */
function hasStrayQuote(field: string, raw: string): boolean {
  return field.startsWith('"') && !raw.includes(field.replaceAll('"', '""'));
}

function reasonOf({ code, message }: CsvError): string {
  if (code === 'CSV_QUOTE_NOT_CLOSED') return 'the quote that opens a field of this row is never closed';
  if (code === 'CSV_MAX_RECORD_SIZE') return 'this row is longer than 64 MiB: a closing quote may be missing';
  return message;
}
