import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type DataFile, readRows } from '../datasets/read-rows.ts';

/** The maximum length of a label, as in the manifest of a version. */
const MAX_LABEL_LENGTH = 1_000;

// Half of a surrogate pair is not a character. The replacement character counts as nothing, as the half does.
const textSchema = z.string().transform((text) => text.toWellFormed());
const labelSchema = z
  .string()
  .min(1)
  .max(MAX_LABEL_LENGTH)
  .refine((label) => label.isWellFormed(), 'it has half of a surrogate pair, which is not a character');

/** A labelled text. */
export interface Example {
  readonly text: string;
  readonly label: string;
}

/** The place of an example: the index of its file, and the number of its first line, starting at 1. */
export interface ExamplePlace {
  readonly file: number;
  readonly line: number;
}

/** Data files that are read one after the other, as one. */
export interface DataFiles {
  /** Paths, or `-` for standard input. */
  readonly paths: readonly string[];
  /** The name of the field with the text; the default is `text`. */
  readonly textField?: string | undefined;
  /** The name of the field with the label; the default is `label`. */
  readonly labelField?: string | undefined;
}

/** Data files that were read. */
export interface ReadDataFiles {
  readonly files: readonly DataFile[];
  /** The digest of the bytes of all files, in hexadecimal. */
  readonly sha256: string;
}

/** Returns data files for a single path. */
export function toDataFiles(data: string | DataFiles): DataFiles {
  return typeof data === 'string' ? { paths: [data] } : data;
}

/**
 * Streams the examples of data files. Fields other than the text and the label are ignored.
 *
 * @param data the files, or the path of one file
 * @param onBytes receives the number of bytes that have been read so far
 * @throws {DataFileError} if a file cannot be read, is empty, or has bad lines
 */
export async function readExamples(
  data: string | DataFiles,
  onExample: (example: Example, place: ExamplePlace) => void,
  onBytes: (bytes: number) => void = () => {},
): Promise<ReadDataFiles> {
  const { paths, textField = 'text', labelField = 'label' } = toDataFiles(data);
  const schema = z
    .object({ [textField]: textSchema, [labelField]: labelSchema })
    .transform((row): Example => ({ text: row[textField]!, label: row[labelField]! }));
  const allowed = `{${JSON.stringify(textField)}: string, ${JSON.stringify(labelField)}: string}`;
  const hash = createHash('sha256');
  let bytes = 0;
  const onChunk = (chunk: Buffer) => {
    hash.update(chunk);
    bytes += chunk.length;
    onBytes(bytes);
  };
  const files: DataFile[] = [];
  for (const [file, path] of paths.entries()) {
    const options = { schema, allowed, requiredFields: [textField, labelField], onChunk };
    files.push(await readRows(path, options, (example, line) => onExample(example, { file, line })));
  }
  return { files, sha256: hash.digest('hex') };
}
