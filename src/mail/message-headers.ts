import { withoutMailboxLine } from './mail-text.ts';

export type HeaderField = readonly [name: string, value: string];

/** The fields by which a message leads back to its prediction. */
export const MARK = { predictionId: 'X-Waymark-Prediction-Id', traceId: 'X-Waymark-Trace-Id' } as const;

/** Fields of these names say what a filter found: whatever a sender wrote there is not believed, and taken out. */
const CLAIMS = /^x-(?:spam|waymark)-/i;

/** A line longer than this may be cut on its way (RFC 5322, 2.1.1); most fields are folded far below it. */
const LONGEST_LINE = 998;

/**
 * A message with fields put before its own, and without fields in which its sender claims what a filter found. All else
 * is left as it is, byte by byte.
 */
export function markMessage(raw: Uint8Array, fields: readonly HeaderField[]): Buffer {
  const message = Buffer.from(withoutMailboxLine(raw));
  const end = headerEnd(message);
  // Latin-1 takes every byte and gives it back as it was.
  const header = message.toString('latin1', 0, end);
  const newline = /\r?\n/.exec(header)?.[0] ?? '\r\n';
  const kept = splitFields(header).filter((field) => !CLAIMS.test(field));
  const added = fields.map(
    ([name, value]) => `${name}: ${fold(value, LONGEST_LINE - name.length - 2, newline)}${newline}`,
  );
  return Buffer.concat([Buffer.from([...added, ...kept].join(''), 'latin1'), message.subarray(end)]);
}

/** The value of a message's first field of that name; undefined where there is none. */
export function readField(raw: Uint8Array, name: string): string | undefined {
  const message = Buffer.from(withoutMailboxLine(raw));
  const prefix = `${name.toLowerCase()}:`;
  const field = splitFields(message.toString('latin1', 0, headerEnd(message))).find((candidate) =>
    candidate.toLowerCase().startsWith(prefix),
  );
  // Only line breaks are taken out: a field's value was folded between words, or within one by `fold`.
  return field
    ?.slice(prefix.length)
    .replace(/\r?\n[ \t]/g, '')
    .trim();
}

/** Where the header ends: before the empty line, or with the message. */
function headerEnd(message: Buffer): number {
  if (/^\r?\n/.test(message.toString('latin1', 0, 2))) return 0;
  const ends = ['\r\n\r\n', '\n\n'].flatMap((empty) => {
    const at = message.indexOf(empty);
    return at === -1 ? [] : [at + empty.length / 2];
  });
  return Math.min(message.length, ...ends);
}

/** Header fields, each with the lines that continue it. */
function splitFields(header: string): string[] {
  return header === '' ? [] : header.split(/(?<=\n)(?![ \t])/);
}

function fold(value: string, length: number, newline: string): string {
  const lines: string[] = [];
  for (let rest = value.replace(/[^\x20-\x7e]/g, '?'); rest !== ''; rest = rest.slice(length))
    lines.push(rest.slice(0, length));
  return lines.join(`${newline} `);
}
