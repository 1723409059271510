import { createHash } from 'node:crypto';
import { z } from 'zod';
import { readJsonLines } from '../platform/json-lines.ts';

const exampleSchema = z.object({ text: z.string(), label: z.string().min(1) });

/** A labelled text. */
export type Example = z.infer<typeof exampleSchema>;

/**
 * Streams the examples of a JSON Lines file of `{"text", "label"}`. Further fields are ignored.
 *
 * @param onBytes receives the number of bytes that have been read so far
 * @returns the sha256 of the file, in hexadecimal
 * @throws {DataFileError} if the file cannot be read, is empty, or has bad lines
 */
export async function readExamples(
  path: string,
  onExample: (example: Example) => void,
  onBytes: (bytes: number) => void = () => {},
): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  const onChunk = (chunk: Buffer) => {
    hash.update(chunk);
    bytes += chunk.length;
    onBytes(bytes);
  };
  await readJsonLines(
    path,
    { schema: exampleSchema, allowed: '{"text": string, "label": string}', onChunk },
    onExample,
  );
  return hash.digest('hex');
}
