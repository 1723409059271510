import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MAIL_FOLDER } from '../../../tools/corpus/download.ts';

/** A mail of the corpus that the bundled model was not trained on. */
export interface HeldOutMail {
  readonly raw: Buffer;
  /** The subject and the body, as in the evaluation of the model. */
  readonly text: string;
  readonly label: string;
}

/** Returns the raw mails of the held-out fifth of the corpus. `npm run corpus` decides which mails these are. */
export async function heldOutMails(): Promise<HeldOutMail[]> {
  const out = await mkdtemp(join(tmpdir(), 'waymark-corpus-'));
  try {
    await promisify(execFile)(process.execPath, ['tools/corpus/main.ts', '--out', out]);
    const lines = (await readFile(join(out, 'test.jsonl'), 'utf8')).trim().split('\n');
    const mails = lines.flatMap((line) => {
      const { text, label, file } = JSON.parse(line) as { text: string; label: string; file?: string };
      // A text without a file is not a mail.
      return file === undefined ? [] : [{ text, label, file }];
    });
    return await Promise.all(
      mails.map(async ({ text, label, file }) => ({ text, label, raw: await readFile(join(MAIL_FOLDER, file)) })),
    );
  } finally {
    await rm(out, { recursive: true });
  }
}
