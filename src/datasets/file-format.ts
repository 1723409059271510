import { extname } from 'node:path';

/** The format of a data file. */
export type FileFormat = { readonly name: 'JSON Lines' } | { readonly name: 'CSV' | 'TSV'; readonly delimiter: string };

const JSON_LINES: FileFormat = { name: 'JSON Lines' };
const TSV: FileFormat = { name: 'TSV', delimiter: '\t' };

const formatsByExtension: ReadonlyMap<string, FileFormat | 'CSV'> = new Map<string, FileFormat | 'CSV'>([
  ['.jsonl', JSON_LINES],
  ['.ndjson', JSON_LINES],
  ['.json', JSON_LINES],
  ['.csv', 'CSV'],
  ['.tsv', TSV],
  ['.tab', TSV],
]);

/**
 * Chooses the format of a file by its name. Standard input and files with other names are recognised by their first line.
 *
 * @param path the name of the file; the ending `.gz` is ignored
 * @param firstLine the first line of the content
 */
export function chooseFormat(path: string, firstLine: string): FileFormat {
  const known = formatsByExtension.get(endingOf(path));
  if (known === 'CSV') return { name: 'CSV', delimiter: findDelimiter(firstLine) ?? ',' };
  if (known !== undefined) return known;
  if (/^\s*[{[]/.test(firstLine)) return JSON_LINES;
  const delimiter = findDelimiter(firstLine);
  if (delimiter === undefined) return JSON_LINES;
  return delimiter === '\t' ? TSV : { name: 'CSV', delimiter };
}

/** Returns whether the name of a file decides its format. */
export function hasKnownFormat(path: string): boolean {
  return formatsByExtension.has(endingOf(path));
}

function endingOf(path: string): string {
  return extname(path.replace(/\.gz$/i, '')).toLowerCase();
}

/** Returns the delimiter that separates the names in a header, or `undefined` for a single name. */
function findDelimiter(header: string): string | undefined {
  const unquoted = header.replace(/"(?:[^"]|"")*"/g, '');
  // Spreadsheets write semicolons where the comma is the decimal sign.
  const counts = [',', ';', '\t'].map((sign) => ({ sign, count: unquoted.split(sign).length - 1 }));
  const [best] = counts.sort((a, b) => b.count - a.count);
  return best!.count > 0 ? best!.sign : undefined;
}
