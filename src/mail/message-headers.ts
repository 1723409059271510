import { stripMailboxLine } from './mail-text.ts';

/** A header field. */
export type HeaderField = readonly [name: string, value: string];

/** The names of the fields that lead from a message to its prediction. */
export const MARK = { predictionId: 'X-Waymark-Prediction-Id', traceId: 'X-Waymark-Trace-Id' } as const;

/** Names of fields with the result of a filter. A sender can forge them, so they are removed. */
const FORGEABLE_NAME = /^x-(?:spam|waymark)-/i;

/** The maximum number of characters in a line (RFC 5322, 2.1.1). A mail server may cut longer lines. */
const MAX_LINE_LENGTH = 998;

/**
 * Returns a message with the given fields before its own, and without forgeable fields of its sender. All other bytes
 * stay as they are.
 */
export function markMessage(raw: Uint8Array, fields: readonly HeaderField[]): Buffer {
  const message = Buffer.from(stripMailboxLine(raw));
  const end = headerEnd(message);
  // Latin-1 maps each byte to one character and back.
  const header = message.toString('latin1', 0, end);
  const newline = /\r?\n/.exec(header)?.[0] ?? '\r\n';
  const kept = splitFields(header).filter((field) => !FORGEABLE_NAME.test(field));
  const added = fields.map(
    ([name, value]) => `${name}: ${fold(value, MAX_LINE_LENGTH - name.length - 2, newline)}${newline}`,
  );
  return Buffer.concat([Buffer.from([...added, ...kept].join(''), 'latin1'), message.subarray(end)]);
}

/** Returns the value of the first header field with a name, or `undefined` if there is none. */
export function readField(raw: Uint8Array, name: string): string | undefined {
  const message = Buffer.from(stripMailboxLine(raw));
  const prefix = `${name.toLowerCase()}:`;
  const field = splitFields(message.toString('latin1', 0, headerEnd(message))).find((candidate) =>
    candidate.toLowerCase().startsWith(prefix),
  );
  // Only line breaks are removed: `fold` breaks within words too.
  return field
    ?.slice(prefix.length)
    .replace(/\r?\n[ \t]/g, '')
    .trim();
}

/** Returns the index of the header's end: before the empty line, or at the end of the message. */
function headerEnd(message: Buffer): number {
  if (/^\r?\n/.test(message.toString('latin1', 0, 2))) return 0;
  const ends = ['\r\n\r\n', '\n\n'].flatMap((empty) => {
    const at = message.indexOf(empty);
    return at === -1 ? [] : [at + empty.length / 2];
  });
  return Math.min(message.length, ...ends);
}

/** Splits a header into fields, each with its continuation lines. */
function splitFields(header: string): string[] {
  return header === '' ? [] : header.split(/(?<=\n)(?![ \t])/);
}

/** Splits a value into lines of a maximum length. Characters outside printable ASCII become question marks. */
function fold(value: string, length: number, newline: string): string {
  const lines: string[] = [];
  for (let rest = value.replace(/[^\x20-\x7e]/g, '?'); rest !== ''; rest = rest.slice(length))
    lines.push(rest.slice(0, length));
  return lines.join(`${newline} `);
}
