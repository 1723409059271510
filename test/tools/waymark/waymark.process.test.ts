import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SCRIPT_COMMANDS } from '../../../tools/waymark/command-scripts.ts';
import { runCli } from '../../cli/run-cli.ts';
import { serve } from '../../http/in-process.ts';
import { smallModels } from '../../models/small-models.ts';

const waymark = (...args: string[]) => runCli('waymark', args);

describe('the commands', () => {
  test('are listed by --help, and a misspelt one is corrected', async () => {
    const { code, stdout } = await waymark('--help');
    expect(code).toBe(0);
    for (const name of ['serve', 'train', 'evaluate', 'classify', 'load', 'models', 'complete']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    }
    const misspelt = await waymark('trian');
    expect(misspelt).toMatchObject({ code: 64, stderr: expect.stringContaining('(Did you mean train?)') });
  });

  test.each(SCRIPT_COMMANDS)('$name has the help and the options of its script', async ({ name, options }) => {
    const { code, stdout } = await waymark(name, '--help');
    expect(code).toBe(0);
    expect(stdout.startsWith(`Usage: waymark ${name} `)).toBe(true);
    const explained = [...stdout.matchAll(/^ {2}(--[a-z0-9-]+)/gm)].map(([, flag]) => flag);
    expect(options.map((option) => option.split(' ')[0]).toSorted()).toEqual([...new Set(explained)].toSorted());
    expect((await waymark('help', name)).stdout).toBe(stdout);
  });

  test('pass arguments and exit codes on', async () => {
    const models = await smallModels('1');
    const { code, stdout } = await waymark('classify', '--models', models, '--model', 'spam', '--json', 'win money');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ prediction: expect.any(String) });
    expect(await waymark('classify', '--nope')).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/'--nope'.*\nTry: waymark classify --help\n$/s),
    });
  });

  test('are completed', async () => {
    const complete = async (...words: string[]) =>
      (await waymark('complete', '--', ...words)).stdout.split('\n').map((line) => line.split('\t')[0]);
    expect(await complete('tr')).toEqual(expect.arrayContaining(['train']));
    expect(await complete('train', '--te')).toEqual(expect.arrayContaining(['--test', '--test-share']));
    expect(await complete('models', 'c')).toEqual(expect.arrayContaining(['canary']));
    for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
      expect(await waymark('complete', shell)).toMatchObject({ code: 0, stdout: expect.stringContaining('waymark') });
    }
  });
});

/** Starts `waymark serve` in another folder, and resolves when it is ready. */
async function startServe(models: string): Promise<ChildProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-'));
  const env = { ...process.env, PORT: '0', OTEL_SDK_DISABLED: 'true', MODELS_DIR: models, DATA_DIR: folder };
  const child = spawn(process.execPath, [resolve('tools/waymark/waymark.cjs'), 'serve'], { cwd: folder, env });
  onTestFinished(() => void child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('"msg":"ready"')) break;
  return child;
}

test('serve starts the service in any folder, and a signal stops it', async () => {
  const child = await startServe(await smallModels('1'));
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});

describe('models', () => {
  const start = async (settings: Record<string, string> = {}) => {
    const { url } = await serve({ MODELS_DIR: await smallModels('1', '2'), ...settings });
    return (command: string, ...args: string[]) => waymark('models', command, '--url', url, ...args);
  };

  test('lists the versions and changes their roles', async () => {
    const models = await start();
    expect((await models('list')).stdout).toMatch(/^ *version +role .*\n +spam@2 +active .*\n +spam@1 +- /);
    expect((await models('shadow', 'spam@1')).stdout).toBe('spam: active 2, shadow 1, canary none\n');
    expect((await models('shadow', 'spam', '--off')).stdout).toBe('spam: active 2, shadow none, canary none\n');
    expect((await models('canary', 'spam@1', '--share', '0.2')).stdout).toBe(
      'spam: active 2, shadow none, canary 1 with 20.0 % of the requests\n',
    );
    expect((await models('activate', 'spam@1', '--reason', 'a test')).stdout).toMatch(/^spam: active 1, /);
    expect((await models('rollback', 'spam')).stdout).toMatch(/^spam: active 2, /);
    const { stdout } = await models('list', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ models: [{ name: 'spam', active: '2' }] });
  });

  test('reports what the service refuses, with the URL', async () => {
    const models = await start();
    expect(await models('activate', 'spam@9')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^waymark: http:.*\/models\/spam\/activate: 404: .*there are: 2, 1\.\n$/),
    });
    const retrain = await models('retrain', 'spam');
    expect(retrain).toMatchObject({ code: 1, stderr: expect.stringContaining('npm run corpus -- --out') });
  });

  test.each([
    [['activate', 'spam'], 'use spam@VERSION'],
    [['canary', 'spam@1', '--share', '2'], '--share is "2"; allowed: a number from 0 to 1'],
    [['shadow', 'spam@1', '--off'], '--off and a version exclude each other'],
    [['list', '--url', 'nowhere'], '--url is "nowhere"'],
    [['promote', 'spam'], "unknown command 'promote'"],
  ])('%j is wrong usage', async (args, message) => {
    expect(await waymark('models', ...args)).toMatchObject({ code: 64, stderr: expect.stringContaining(message) });
  });

  test('sends the token of a file', async () => {
    const models = await start({ API_TOKENS: 'a-long-token' });
    const file = join(await mkdtemp(join(tmpdir(), 'waymark-')), 'token');
    await writeFile(file, 'a-long-token\n');
    expect(await models('list')).toMatchObject({ code: 1, stderr: expect.stringMatching(/401: .*--token-file/) });
    expect((await models('list', '--token-file', file)).code).toBe(0);
  });
});
