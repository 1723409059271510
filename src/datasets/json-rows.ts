import { DataFileError } from './data-file-error.ts';
import type { OnBadLine } from './decode-text.ts';

const NEWLINE = 0x0a;

/**
 * Reads JSON Lines: one JSON value on each line. Blank lines are skipped.
 *
 * @param file the name of the file, for messages
 * @param onValue receives each value with the number of its line
 * @param onBadLine receives each line that is not JSON
 * @throws {DataFileError} if the file is one JSON array
 */
export async function readJsonRows(
  blocks: AsyncIterable<Buffer>,
  file: string,
  onValue: (value: unknown, line: number) => void,
  onBadLine: OnBadLine,
): Promise<void> {
  let line = 0;
  let isFirst = true;
  for await (const block of blocks) {
    const lines = block.toString('utf8').split('\n');
    if (block.at(-1) === NEWLINE) lines.pop();
    for (const text of lines) {
      line += 1;
      if (text.trim() === '') continue;
      if (isFirst && text.trimStart().startsWith('[')) {
        throw new DataFileError({ file, reason: 'is a JSON array', allowed: 'one object on each line' });
      }
      isFirst = false;
      const parsed = parse(text);
      if (parsed === undefined) onBadLine(line, 'this is not valid JSON');
      else onValue(parsed.value, line);
    }
  }
}

function parse(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
