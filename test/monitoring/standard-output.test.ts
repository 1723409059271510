import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const MODULE = join(import.meta.dirname, '../../src/monitoring/standard-output.ts');

/** What a process of its own writes that passes these lines to its standard output, and then ends by `exit()` or by itself. */
async function written(lines: readonly string[], exit = ''): Promise<string> {
  const program = `import { json } from 'node:stream/consumers';
    import { standardOutput } from ${JSON.stringify(MODULE)};
    const lines = await json(process.stdin);
    const stdout = standardOutput();
    for (const line of lines) stdout.write(line);
    ${exit}`;
  const options = { maxBuffer: 16 * 1024 * 1024 };
  const running = run(process.execPath, ['--input-type=module', '--eval', program], options);
  running.child.stdin!.end(JSON.stringify(lines));
  return (await running).stdout;
}

test('lines come whole and in their order, whether many, longer than what waits for them, or beyond ASCII', async () => {
  const lines = [
    ...Array.from({ length: 3_000 }, (_, at) => `{"line":${at},"label":"Größe 漢字 🙂"}\n`),
    `${'漢'.repeat(30_000)}\n`,
    'after a long one\n',
    `${'x'.repeat(200_000)}\n`,
    'the last\n',
  ];
  expect(await written(lines)).toBe(lines.join(''));
});

test('lines are written though the process is told to end at once', async () => {
  expect(await written(['one\n', 'two\n'], 'process.exit()')).toBe('one\ntwo\n');
});
