import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mailToText } from '../../src/mail/mail-text.ts';

/** One mail of the corpus. `file` names the raw mail below the corpus' data folder. */
export interface Mail {
  readonly text: string;
  readonly label: 'ham' | 'spam';
  readonly file: string;
}

const folders = [
  ['easy-ham-1', 'ham'],
  ['easy-ham-2', 'ham'],
  ['hard-ham-1', 'ham'],
  ['spam-1', 'spam'],
  ['spam-2', 'spam'],
] as const;

const heldOutShare = 0.2;

/** Reads every raw mail of the SpamAssassin corpus below `data`, in a fixed order. */
export async function* readSpamAssassin(data: string): AsyncGenerator<Mail> {
  for (const [folder, label] of folders) {
    const names = (await readdir(join(data, folder))).filter((name) => name.endsWith('.txt')).sort();
    for (const name of names) {
      const text = await mailToText(await readFile(join(data, folder, name)));
      yield { text, label, file: `${folder}/${name}` };
    }
  }
}

/**
 * Whether a text belongs to the held-out fifth. It depends on the words alone, so that copies of one mail, which differ
 * in blanks, case or quoting marks at most, never stand on both sides.
 */
export function isHeldOut(text: string): boolean {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const digest = createHash('sha256').update(words.join(' ')).digest();
  return digest.readUInt32BE(0) / 2 ** 32 < heldOutShare;
}
