import { type MailLimit, parseMime } from './bounded-mime.ts';
import { htmlToText, readHtml } from './html-text.ts';

/** The texts of a mail. Mail programs show the one or the other, so both count. */
export interface MailTexts {
  /** The decoded subject. */
  readonly subject: string;
  /** The plain body; empty if there is none. */
  readonly plain: string;
  /** The visible text of the HTML body; empty if there is none. */
  readonly html: string;
  /** The share of the characters of the HTML body, from 0 to 1, that is hidden from the reader. */
  readonly hiddenShare: number;
  /** The limit that the mail exceeded, or `undefined` if it was read completely. */
  readonly limit: MailLimit | undefined;
}

/** Limits of `readMailTexts`. */
export interface MailTextLimits {
  /** The reading stops at this time of `performance.now()`. */
  readonly deadline: number;
  /** The number of characters of each text that are needed. */
  readonly maxCharacters: number;
  /** Receives the texts before the HTML is read, which may take the longest. */
  readonly onProgress?: (texts: MailTexts) => void;
}

/**
 * Returns the decoded subject and body of a raw mail. Other headers are left out: in a public corpus they name the
 * lists and relays of its collection, and so leak the label.
 */
export async function mailToText(raw: Uint8Array): Promise<string> {
  const mail = await parseMime(stripMailboxLine(raw));
  const body = mail.plain.trim() ? mail.plain : htmlToText(mail.html);
  return joinText(mail.subject, body);
}

/** Reads the texts of a raw mail within limits. What was read within them is returned. */
export async function readMailTexts(
  raw: Uint8Array,
  { deadline, maxCharacters, onProgress }: MailTextLimits,
): Promise<MailTexts> {
  const { subject, plain, html, limit } = await parseMime(stripMailboxLine(raw), deadline);
  const texts = { subject, plain: plain.slice(0, maxCharacters), html: '', hiddenShare: 0, limit };
  if (html === '') return texts;
  onProgress?.({ ...texts, limit: limit ?? 'time' });
  const shown = readHtml(html, { deadline, maxCharacters });
  const isCut = !shown.isComplete && shown.text.length < maxCharacters;
  return {
    ...texts,
    html: shown.text.slice(0, maxCharacters),
    hiddenShare: shown.hiddenShare,
    limit: limit ?? (isCut ? 'time' : undefined),
  };
}

/**
 * Returns the texts to classify: subject and plain body, and subject and HTML body if a reader sees other words there.
 * There is always at least one text.
 *
 * @param maxCharacters the maximum length of each text
 */
export function textsToClassify({ subject, plain, html }: MailTexts, maxCharacters: number): string[] {
  const bodies = [plain, html].filter((body) => body.trim() !== '');
  if (bodies.length === 2 && wordsOf(plain) === wordsOf(html)) bodies.pop();
  if (bodies.length === 0) bodies.push('');
  // The cut can leave half of a surrogate pair, which is not valid in UTF-8.
  return bodies.map((body) => joinText(subject, body).slice(0, maxCharacters).toWellFormed());
}

function joinText(subject: string, body: string): string {
  return `${subject}\n${body}`.trim();
}

function wordsOf(text: string): string {
  return (
    text
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu)
      ?.join(' ') ?? ''
  );
}

/**
 * Returns a mail without its mbox separator ("From a@b Thu Aug 22 ..."). The separator is not a header field, and a
 * parser would end the header there.
 */
export function stripMailboxLine(raw: Uint8Array): Uint8Array {
  const isSeparator = raw[0] === 0x46 && raw[1] === 0x72 && raw[2] === 0x6f && raw[3] === 0x6d && raw[4] === 0x20;
  return isSeparator ? raw.subarray(raw.indexOf(0x0a) + 1) : raw;
}
