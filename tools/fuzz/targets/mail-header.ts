import { MARK, markMessage, readField } from '../../../src/mail/message-headers.ts';

const MARKS = [
  ['X-Spam-Flag', 'NO'],
  [MARK.predictionId, 'the-id'],
] as const;

/** The names of fields as a lenient mail program finds them: it takes any line break for one, and skips odd characters. */
function forgedFields(message: Buffer): string[] {
  const text = message.toString('latin1').replace(/\r\n/g, '\n');
  const end = /^\n|\n\n/.exec(text);
  const header = end === null ? text : text.slice(0, end.index);
  return header
    .split(/[\n\r\0]/)
    .map((line) => line.slice(0, line.indexOf(':') + 1).replace(/[^\x21-\x7e]+/g, ''))
    .filter((name) => /^x-(?:spam|waymark)-/i.test(name));
}

/** Marks a message. No field of the sender may look like a mark, and a second marking changes nothing. */
export function fuzz(data: Buffer): void {
  const marked = markMessage(data, MARKS);
  const forged = forgedFields(marked);
  if (forged.length !== MARKS.length) throw new Error(`there are ${forged.length} fields with marks`);
  for (const [name, value] of MARKS) {
    if (readField(marked, name) !== value) throw new Error(`${name} is not read as it was written`);
  }
  if (!markMessage(marked, MARKS).equals(marked)) throw new Error('a marked message changes when it is marked again');
}
