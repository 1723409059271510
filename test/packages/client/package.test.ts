import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createContext, runInContext } from 'node:vm';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve } from '../../http/in-process.ts';

const run = promisify(execFile);
const project = join(import.meta.dirname, '../../..');
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

/** Someone else's project, with the package as it would be installed and nothing of this checkout around it. */
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-client-'));
  const installed = join(folder, 'node_modules/waymark');
  await mkdir(installed, { recursive: true });
  await cp(join(project, 'package.json'), join(installed, 'package.json'));
  await run(process.execPath, ['packages/client/build.ts', '--out', join(installed, 'dist/client')], { cwd: project });
});

afterAll(() => rm(folder, { recursive: true }));

async function writeProject(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}

/** What a consumer does: a prediction, and an error recognised by its class. */
const use = `
  const client = createClient({ url: process.argv[2] });
  client.predict('win money now')
    .then(({ prediction }) => client.predict('a', { model: 'none' }).catch((error) => {
      console.log(prediction, error instanceof ProblemError, error instanceof WaymarkError, error.problem);
    }));
`;

describe('waymark/client', () => {
  test.each([
    ['an ES module', 'use.mjs', `import { createClient, ProblemError, WaymarkError } from 'waymark/client';${use}`],
    ['CommonJS', 'use.cjs', `const { createClient, ProblemError, WaymarkError } = require('waymark/client');${use}`],
  ])('works from %s', async (_, name, text) => {
    const { url } = await serve();
    await writeProject({ [name]: text });
    // Where a CommonJS module could require an ES module, it would not show that there is a CommonJS one.
    const { stdout } = await run(process.execPath, ['--no-experimental-require-module', join(folder, name), url]);
    expect(stdout.trim()).toBe('spam true true model-not-found');
  });

  test.each([
    ['nodenext', 'use.mts'],
    ['nodenext', 'use.cts'],
    ['bundler', 'use.ts'],
  ])('has types for strict TypeScript: module resolution %s, %s', async (resolution, name) => {
    const module = resolution === 'nodenext' ? 'nodenext' : 'esnext';
    const options = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--target',
      'es2022',
      '--lib',
      'es2022,dom',
    ];
    const compile = () =>
      run(
        process.execPath,
        [compiler, ...options, '--types', '', '--module', module, '--moduleResolution', resolution, name],
        {
          cwd: folder,
        },
      ).then(
        () => '',
        ({ stdout }: { stdout: string }) => stdout,
      );
    const text = `import { type ClientOptions, createClient, ProblemError, type PredictAnswer } from 'waymark/client';
      const options: ClientOptions = { url: 'http://localhost', circuitBreaker: false };
      export const answer: Promise<PredictAnswer> = createClient(options).predict('a', { explain: true });
      export const score: Promise<number | undefined> = answer.then(({ scores }) => scores['spam']);
      answer.catch((error) => error instanceof ProblemError && error.retryAfterMs?.toFixed());`;
    await writeProject({ [name]: text });
    expect(await compile()).toBe('');
    await writeProject({ [name]: `${text}\ncreateClient({ url: 1 });` });
    expect(await compile()).toContain("Type 'number' is not assignable to type 'string'");
  });

  test('is small, needs no Node, and works, bundled for a browser', async () => {
    await writeProject({
      'browser.mjs': `import { createClient } from 'waymark/client'; globalThis.createClient = createClient;`,
    });
    const bundle = await rolldown({
      input: join(folder, 'browser.mjs'),
      cwd: folder,
      platform: 'browser',
      logLevel: 'silent',
    });
    const { output } = await bundle.generate({ format: 'iife', minify: true });
    await bundle.close();
    const [{ code, imports }] = output;
    expect(imports).toEqual([]);
    expect(code.length).toBeLessThan(8_000);

    const { url } = await serve();
    // What a browser has, and nothing else: no process, no require, no Buffer.
    const browser = createContext({ fetch, AbortSignal, URL, URLSearchParams, performance, setTimeout, clearTimeout });
    runInContext(code, browser);
    const answer = runInContext(`createClient({ url: ${JSON.stringify(url)} }).predict('win money now')`, browser);
    expect(await answer).toMatchObject({ prediction: 'spam' });
  });

  test('has no dependency on the code of the service', async () => {
    const entry = await readFile(join(folder, 'node_modules/waymark/dist/client/index.js'), 'utf8');
    expect([...entry.matchAll(/from '([^']+)'/g)].map(([, from]) => from)).toEqual(['./client.js', './errors.js']);
  });
});
