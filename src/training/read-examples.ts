import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { z } from 'zod';

const exampleSchema = z.object({ text: z.string(), label: z.string().min(1) });
export type Example = z.infer<typeof exampleSchema>;

const mostReported = 20;

/** A data file that cannot be used; the message lists the lines at fault by number. */
export class DataFileError extends Error {
  override name = 'DataFileError';
}

/**
 * Streams the examples of a JSON Lines file of `{"text", "label"}`, whatever its size; blank lines are passed over. A bad
 * line does not stop the reading, so that all of them are reported at once.
 *
 * @param onBytes hears how many bytes of the file have been read
 * @returns the sha256 of the file
 * @throws DataFileError where the file cannot be read, is empty, or has lines that are no example
 */
export async function readExamples(
  path: string,
  onExample: (example: Example) => void,
  onBytes: (bytes: number) => void = () => {},
): Promise<string> {
  const hash = createHash('sha256');
  const problems: string[] = [];
  let number = 0;
  let examples = 0;
  let bad = 0;
  for await (const line of readLines(path, hash, onBytes)) {
    number += 1;
    if (line.trim() === '') continue;
    const example = parseExample(line);
    if (typeof example === 'string') {
      bad += 1;
      if (problems.length < mostReported) problems.push(`line ${number}: ${example}`);
    } else {
      examples += 1;
      onExample(example);
    }
  }
  if (bad > 0) {
    const more = bad > problems.length ? [`and ${bad - problems.length} more`] : [];
    throw new DataFileError([`${path} has ${bad} bad line${bad === 1 ? '' : 's'}`, ...problems, ...more].join('\n  '));
  }
  if (examples === 0) throw new DataFileError(`${path} is empty: it holds no example`);
  return hash.digest('hex');
}

function parseExample(line: string): Example | string {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return 'this is no JSON';
  }
  const parsed = exampleSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  return issue.path.length === 0 ? 'this is no JSON object' : `"${issue.path.join('.')}": ${issue.message}`;
}

async function* readLines(path: string, hash: Hash, onBytes: (bytes: number) => void): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  let read = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      read += chunk.length;
      onBytes(read);
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop()!;
      yield* lines;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new DataFileError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  yield rest + decoder.decode();
}
