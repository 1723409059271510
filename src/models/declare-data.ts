import { randomBytes } from 'node:crypto';
import { link, unlink, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { policyFileName } from './policy-file.ts';

/**
 * Says in a model's policy which data it was trained on, where it has no policy yet. It appears whole or not at all.
 *
 * @param data the file's path, from the working directory
 * @returns the file that was written; undefined where there is one already
 */
export async function declareData(modelFolder: string, data: string): Promise<string | undefined> {
  const file = join(modelFolder, policyFileName);
  const draft = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  const policy = { data: relative(modelFolder, data).replaceAll(sep, '/') };
  await writeFile(draft, `${JSON.stringify(policy, null, 2)}\n`, { flush: true });
  try {
    // A link fails where there is a file: what a person declared is never written over.
    await link(draft, file);
    return file;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  } finally {
    await unlink(draft);
  }
}
