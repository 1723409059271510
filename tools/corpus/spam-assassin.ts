import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mailToText } from '../../src/mail/mail-text.ts';

/** A mail of the corpus. `file` is the path of the raw mail below the data folder of the corpus. */
export interface Mail {
  readonly text: string;
  readonly label: 'ham' | 'spam';
  readonly file: string;
}

const FOLDERS = [
  ['easy-ham-1', 'ham'],
  ['easy-ham-2', 'ham'],
  ['hard-ham-1', 'ham'],
  ['spam-1', 'spam'],
  ['spam-2', 'spam'],
] as const;

const HELD_OUT_SHARE = 0.2;

/** Reads all raw mails of the SpamAssassin corpus in the folder `data`, in a fixed order. */
export async function* readSpamAssassin(data: string): AsyncGenerator<Mail> {
  for (const [folder, label] of FOLDERS) {
    const names = (await readdir(join(data, folder))).filter((name) => name.endsWith('.txt')).sort();
    for (const name of names) {
      const text = await mailToText(await readFile(join(data, folder, name)));
      yield { text, label, file: `${folder}/${name}` };
    }
  }
}

/**
 * Returns true if a text belongs to the held-out fifth. The result depends on the words alone. So copies of a mail that
 * differ only in blanks, case or quoting marks are never in both files.
 */
export function isHeldOut(text: string): boolean {
  const digest = createHash('sha256').update(wordsOf(text)).digest();
  return digest.readUInt32BE(0) / 2 ** 32 < HELD_OUT_SHARE;
}

/** Returns the words of a text in lower case, with one blank between them. */
export function wordsOf(text: string): string {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).join(' ');
}
