import PostalMime from 'postal-mime';
import { htmlToText } from './html-text.ts';

/**
 * Returns the decoded subject and body of a raw mail. Other headers are left out: in a public corpus they name the
 * lists and relays of its collection, and so leak the label.
 */
export async function mailToText(raw: Uint8Array): Promise<string> {
  const mail = await PostalMime.parse(stripMailboxLine(raw));
  const body = mail.text?.trim() ? mail.text : htmlToText(mail.html ?? '');
  return `${mail.subject ?? ''}\n${body}`.trim();
}

/**
 * Returns a mail without its mbox separator ("From a@b Thu Aug 22 ..."). The separator is not a header field, and a
 * parser would end the header there.
 */
export function stripMailboxLine(raw: Uint8Array): Uint8Array {
  const isSeparator = raw[0] === 0x46 && raw[1] === 0x72 && raw[2] === 0x6f && raw[3] === 0x6d && raw[4] === 0x20;
  return isSeparator ? raw.subarray(raw.indexOf(0x0a) + 1) : raw;
}
