/** Longer files are refused: no text of a prediction is that long. */
const MAX_BYTES = 5_000_000;
const MAX_DEPTH = 8;

/**
 * Returns the text of a file that was dropped: of a mail its subject and body, of any other file all of it. Mail is read
 * simply here; the mail gateway reads it more carefully.
 *
 * @throws {Error} if the file is too long; the message says what is allowed
 */
export async function readTextFile(file: File): Promise<string> {
  if (file.size > MAX_BYTES) throw new Error(`${file.name} is longer than 5 MB.`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  return /\.eml$/i.test(file.name) || file.type === 'message/rfc822' ? mailText(bytes) : decode(bytes, 'utf-8');
}

/** Returns the subject and the body of a mail. */
export function mailText(bytes: Uint8Array): string {
  const mail = splitPart(latin1(bytes));
  const body = bodyOf(mail, 0);
  const subject = decodeWords(mail.headers.get('subject') ?? '');
  return subject === '' ? body : `${subject}\n\n${body}`;
}

interface Part {
  readonly headers: ReadonlyMap<string, string>;
  /** One character for each byte. */
  readonly body: string;
}

function splitPart(source: string): Part {
  // A part that begins with an empty line has no headers.
  const [head = '', body = ''] = (/^\r?\n/.test(source) ? `\n${source}` : source).split(/\r?\n\r?\n(.*)/s);
  const headers = new Map<string, string>();
  for (const line of head.replaceAll(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined && !headers.has(name.toLowerCase())) headers.set(name.toLowerCase(), value ?? '');
  }
  return { headers, body };
}

/** Returns the text of a part: of several alternatives the plain one, of several parts all of them. */
function bodyOf({ headers, body }: Part, depth: number): string {
  const type = headers.get('content-type') ?? 'text/plain';
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (/^multipart\//i.test(type) && boundary !== undefined && depth < MAX_DEPTH) {
    const parts = body
      .split(`--${boundary}`)
      .slice(1)
      .filter((part) => !part.startsWith('--'))
      .map((part) => splitPart(part.replace(/^\r?\n/, '')));
    const plain = parts.filter((part) => /^text\/plain/i.test(part.headers.get('content-type') ?? 'text/plain'));
    const isAlternative = /^multipart\/alternative/i.test(type) && plain.length > 0;
    return (isAlternative ? plain : parts)
      .map((part) => bodyOf(part, depth + 1))
      .join('\n')
      .trim();
  }
  if (!/^text\//i.test(type)) return '';
  const charset = /charset="?([^";\s]+)"?/i.exec(type)?.[1] ?? 'utf-8';
  const text = decode(transferDecode(body, headers.get('content-transfer-encoding') ?? ''), charset);
  return /^text\/html/i.test(type) ? withoutMarkup(text) : text.trim();
}

function transferDecode(body: string, encoding: string): Uint8Array {
  if (/base64/i.test(encoding)) {
    try {
      return bytesOf(atob(body.replaceAll(/[^A-Za-z0-9+/]/g, '')));
    } catch {
      return bytesOf(body);
    }
  }
  if (!/quoted-printable/i.test(encoding)) return bytesOf(body);
  return bytesOf(body.replaceAll(/=\r?\n/g, '').replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => byte(hex)));
}

/** Decodes the words of a header such as `=?utf-8?B?…?=`. */
function decodeWords(value: string): string {
  return value.replaceAll(/=\?([^?]+)\?([BQ])\?([^?]*)\?=\s*/gi, (_, charset: string, kind: string, text: string) =>
    decode(
      transferDecode(
        kind.toUpperCase() === 'B' ? text : text.replaceAll('_', ' '),
        kind.toUpperCase() === 'B' ? 'base64' : 'quoted-printable',
      ),
      charset,
    ),
  );
}

function withoutMarkup(html: string): string {
  return html
    .replaceAll(/<(style|script|head)\b.*?<\/\1>/gis, ' ')
    .replaceAll(/<(br|p|div|tr|li|h\d)\b[^>]*>/gi, '\n')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&nbsp;/gi, ' ')
    .replaceAll(/&lt;/gi, '<')
    .replaceAll(/&gt;/gi, '>')
    .replaceAll(/&quot;/gi, '"')
    .replaceAll(/&#(\d{1,6});/g, (_, code: string) => String.fromCodePoint(Math.min(Number(code), 0x10ffff)))
    .replaceAll(/&amp;/gi, '&')
    .replaceAll(/[ \t]+/g, ' ')
    .replaceAll(/\s*\n\s*/g, '\n')
    .trim();
}

function byte(hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff);
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}

function decode(bytes: Uint8Array, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder('utf-8').decode(bytes);
  }
}
