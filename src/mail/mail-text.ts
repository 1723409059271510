import PostalMime from 'postal-mime';
import { htmlToText } from './html-text.ts';

/**
 * Subject and body of a raw mail, decoded, and nothing else of it: the headers of a public corpus name the lists
 * and relays through which it was gathered, and so leak the label.
 */
export async function mailToText(raw: Uint8Array): Promise<string> {
  const mail = await PostalMime.parse(withoutMailboxLine(raw));
  const body = mail.text?.trim() ? mail.text : htmlToText(mail.html ?? '');
  return `${mail.subject ?? ''}\n${body}`.trim();
}

/** A mail without its mbox separator ("From a@b Thu Aug 22 ..."): that is no header, and would end them at its first line. */
export function withoutMailboxLine(raw: Uint8Array): Uint8Array {
  const isSeparator = raw[0] === 0x46 && raw[1] === 0x72 && raw[2] === 0x6f && raw[3] === 0x6d && raw[4] === 0x20;
  return isSeparator ? raw.subarray(raw.indexOf(0x0a) + 1) : raw;
}
