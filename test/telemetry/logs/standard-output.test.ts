import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const MODULE = join(import.meta.dirname, '../../../src/telemetry/logs/standard-output.ts');

/** What a process of its own writes that passes these lines to its standard output, and then ends by this code. */
async function written(lines: readonly string[], end: string): Promise<string> {
  const program = `import { json } from 'node:stream/consumers';
    import { standardOutput } from ${JSON.stringify(MODULE)};
    const lines = await json(process.stdin);
    const stdout = standardOutput();
    for (const line of lines) stdout.write(line);
    ${end}`;
  const options = { maxBuffer: 16 * 1024 * 1024 };
  const running = run(process.execPath, ['--input-type=module', '--eval', program], options);
  running.child.stdin!.end(JSON.stringify(lines));
  return (await running).stdout;
}

const AT_ONCE = 'process.exit();';

test.each([
  ['of itself', ''],
  ['once all is written', 'await stdout.flush(); process.exit();'],
  ['at once', AT_ONCE],
])('lines come whole and in their order, many, long, and beyond ASCII, where the process ends %s', async (_, end) => {
  const lines = [
    ...Array.from({ length: 3_000 }, (_, at) => `{"line":${at},"label":"Größe 漢字 🙂"}\n`),
    `${'漢'.repeat(30_000)}\n`,
    'after a long one\n',
    `${'x'.repeat(200_000)}\n`,
    'the last\n',
  ];
  expect(await written(lines, end)).toBe(lines.join(''));
});

test('lines that are not yet handed on are written though the process is told to end at once', async () => {
  expect(await written(['one\n', 'two\n'], AT_ONCE)).toBe('one\ntwo\n');
});
