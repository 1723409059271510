import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Example, readExamples } from '../../src/training/read-examples.ts';

/** Real mails with their labels, of both kinds, as `npm run corpus` brings them. */
export async function labelledMails(count: number): Promise<Example[]> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-corpus-'));
  try {
    await promisify(execFile)('npm', ['run', '--silent', 'corpus', '--', '--out', folder]);
    const mails: Example[] = [];
    for (const part of ['test', 'train']) {
      await readExamples(join(folder, `${part}.jsonl`), (mail) => {
        // Longer ones are refused by the service's own limit.
        if (mail.text.length <= 20_000) mails.push(mail);
      });
    }
    const step = Math.floor(mails.length / count);
    return mails.filter((_, at) => at % step === 0).slice(0, count);
  } finally {
    await rm(folder, { recursive: true });
  }
}
