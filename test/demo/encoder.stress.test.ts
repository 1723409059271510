import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bankingFolder } from '../../demo/encoder/questions.ts';
import { hasRuntimes } from '../runtimes/installed.ts';

/** The data are not in the repository, and no registry has them. */
const hasQuestions = existsSync(join(bankingFolder(), 'test.jsonl'));
if (!hasQuestions) process.stderr.write(`Skipped: there is no banking77 in ${bankingFolder()}\n`);

describe.skipIf(!hasRuntimes || !hasQuestions)('the demonstration from linear to encoder', () => {
  test('goes through shadow, canary, promotion and rollback', async () => {
    const child = spawn(process.execPath, ['demo/encoder/main.ts'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
      });
    }
    const code = await new Promise<number | null>((done) => child.on('close', done));
    expect([code, output]).toEqual([0, expect.stringMatching(/is the shadow of version 1[\s\S]*All steps happened/)]);
    for (const step of ['Version 2 becomes active', 'is activated by hand', 'The policy rolls back to version 2']) {
      expect(output).toContain(step);
    }
  }, 900_000);
});
