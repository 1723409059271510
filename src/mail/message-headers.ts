import { stripMailboxLine } from './mail-text.ts';

/** A header field. */
export type HeaderField = readonly [name: string, value: string];

/** The names of the fields that lead from a message to its prediction. */
export const MARK = {
  predictionId: 'X-Waymark-Prediction-Id',
  traceId: 'X-Waymark-Trace-Id',
  hiddenText: 'X-Waymark-Hidden-Text',
  partlyRead: 'X-Waymark-Partly-Read',
} as const;

/** Names of fields with the result of a filter. A sender can forge them, so they are removed. */
const FORGEABLE_NAME = /^x-(?:spam|waymark)-/i;

/** The name of a field at the start of a line: any printable characters before a colon (RFC 5322, 2.2). */
const FIELD_NAME = /^[\x21-\x39\x3b-\x7e]+[ \t]*:/;

/**
 * Characters that some mail programs remove or skip before they look for a field: control characters, blanks, and all
 * beyond ASCII, such as a byte order mark.
 */
const SKIPPED_CHARACTERS = /[^\x21-\x7e]+/g;

/** The maximum number of characters in a line (RFC 5322, 2.1.1). A mail server may cut longer lines. */
const MAX_LINE_LENGTH = 998;

/**
 * Returns a message with the given fields before its own, and without forgeable fields of its sender, however their
 * lines are broken or their names are disguised. A header becomes one that every program reads alike: without NUL and
 * bare CR, which other programs take for a line break. The body stays as it is.
 */
export function markMessage(raw: Uint8Array, fields: readonly HeaderField[]): Buffer {
  const message = Buffer.from(stripMailboxLine(raw));
  const end = headerEnd(message);
  // Latin-1 maps each byte to one character and back.
  const header = message.toString('latin1', 0, end);
  const newline = /\r?\n/.exec(header)?.[0] ?? '\r\n';
  const kept = isHeader(header) ? splitFields(header, newline).filter((field) => !FORGEABLE_NAME.test(field)) : [];
  // A message without a header is a body. An empty line must separate it from the fields that are added.
  const body = isHeader(header) ? message.subarray(end) : Buffer.concat([Buffer.from(newline), message]);
  const added = fields.map(
    ([name, value]) => `${name}: ${fold(value, MAX_LINE_LENGTH - name.length - 2, newline)}${newline}`,
  );
  return Buffer.concat([Buffer.from([...added, ...kept].join(''), 'latin1'), body]);
}

/** Returns the value of the first header field with a name, or `undefined` if there is none. */
export function readField(raw: Uint8Array, name: string): string | undefined {
  const message = Buffer.from(stripMailboxLine(raw));
  const prefix = `${name.toLowerCase()}:`;
  const header = message.toString('latin1', 0, headerEnd(message));
  const field = splitFields(header, '\n').find((candidate) => candidate.toLowerCase().startsWith(prefix));
  // Only line breaks are removed: `fold` breaks within words too.
  return field
    ?.slice(prefix.length)
    .replace(/\r?\n[ \t]/g, '')
    .trim();
}

/** Returns the index of the header's end: before the empty line, or at the end of the message. */
function headerEnd(message: Buffer): number {
  if (/^\r?\n/.test(message.toString('latin1', 0, 2))) return 0;
  for (let at = message.indexOf(0x0a); at !== -1; at = message.indexOf(0x0a, at + 1)) {
    if (message[at + 1] === 0x0a || (message[at + 1] === 0x0d && message[at + 2] === 0x0a)) return at + 1;
  }
  return message.length;
}

/** Returns whether the start of a message is a header, or empty. Otherwise its first line belongs to the body. */
function isHeader(header: string): boolean {
  if (header === '') return true;
  // A mail store puts ">" before a separator that is not its own.
  const start = header
    .slice(0, 1_000)
    .replace(/^>?From [^\n]*\n/, '')
    .replace(/\r?\n[ \t]/g, ' ');
  const [first = ''] = start
    .replace(/[\0\r]/g, '')
    .replace(/^[^\x21-\x7e]+/, '')
    .split('\n', 1);
  return FIELD_NAME.test(first);
}

/**
 * Splits a header into fields, each with its continuation lines. A bare CR is a blank within a field, and a field of its
 * own if a forgeable name follows.
 */
function splitFields(header: string, newline: string): string[] {
  const fields: string[] = [];
  for (const line of header.replaceAll('\0', '').split(/\r?\n/)) {
    const [first = '', ...others] = line.split('\r');
    const pieces = [first, ...others.filter((piece) => !isForgeable(piece))];
    const text = pieces.join(' ');
    if (text.trim() === '') continue;
    const canContinue = fields.length > 0 && /^[ \t]/.test(text);
    if (canContinue && isForgeable(text)) continue;
    if (canContinue) fields[fields.length - 1] += `${text}${newline}`;
    // Characters before a name do not belong to it. Left there, it would make the line a continuation of the line before.
    else
      fields.push(
        isForgeable(text)
          ? `${canonical(text)}${text.slice(text.indexOf(':') + 1)}${newline}`
          : `${cleanStart(text)}${newline}`,
      );
  }
  return fields;
}

/** Returns a line without the characters before its first printable one, if a field begins there. */
function cleanStart(line: string): string {
  const start = line.search(/[\x21-\x7e]/);
  return start > 0 && FIELD_NAME.test(line.slice(start)) ? line.slice(start) : line.trimStart();
}

function isForgeable(line: string): boolean {
  return FORGEABLE_NAME.test(canonical(line));
}

/** Returns the name of a field and its colon without disguise. */
function canonical(line: string): string {
  return line.slice(0, line.indexOf(':') + 1).replace(SKIPPED_CHARACTERS, '');
}

/** Splits a value into lines of a maximum length. Characters outside printable ASCII become question marks. */
function fold(value: string, length: number, newline: string): string {
  const lines: string[] = [];
  for (let rest = value.replace(/[^\x20-\x7e]/g, '?'); rest !== ''; rest = rest.slice(length))
    lines.push(rest.slice(0, length));
  return lines.join(`${newline} `);
}
