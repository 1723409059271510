import { execFile, spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { openFeedbackDatabase } from '../../src/feedback/database/feedback-database.ts';

const moduleUrl = new URL('../../src/feedback/database/feedback-database.ts', import.meta.url);

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-shared-'));
});

/** Returns the arguments of a process that runs a script with the folder open as `database`. */
function script(body: string): string[] {
  const feedback =
    '{ id, model: "spam", version: "1", predicted: "spam", actual: "ham", predictedAt: 1, receivedAt: 2, source: "truth", reviewShare: 0, artefact: "" }';
  return [
    '--input-type=module',
    '-e',
    `import { openFeedbackDatabase } from ${JSON.stringify(moduleUrl.href)};
     const database = openFeedbackDatabase(${JSON.stringify(folder)});
     const record = (id) => database.record([${feedback}])[0];
     ${body}`,
  ];
}

describe('processes that share a folder', () => {
  test('record at the same time, without lost or double feedback', async () => {
    const run = promisify(execFile);
    const writers = ['a', 'b', 'c'].map((name) =>
      run(process.execPath, script(`for (let i = 0; i < 100; i++) { record("${name}" + i); record("shared " + i); }`)),
    );
    await Promise.all(writers);
    const database = openFeedbackDatabase(folder);
    expect(database.totals()).toEqual([expect.objectContaining({ count: 400 })]);
    database.close();
  });

  test('have one reporter of the totals, and another one after it ends', async () => {
    const first = spawn(process.execPath, script('console.log(database.isReporter()); setInterval(() => {}, 1000);'), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const output = await new Promise((resolve) => first.stdout.once('data', (data) => resolve(String(data).trim())));
    expect(output).toBe('true');
    const database = openFeedbackDatabase(folder);
    expect(database.isReporter()).toBe(false);
    first.kill('SIGKILL');
    await new Promise((resolve) => first.once('exit', resolve));
    expect(database.isReporter()).toBe(true);
    database.close();
  });
});
