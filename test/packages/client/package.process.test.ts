import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createContext, runInContext } from 'node:vm';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import rootPackage from '../../../package.json' with { type: 'json' };
import clientPackage from '../../../packages/client/package.json' with { type: 'json' };
import { serve } from '../../http/in-process.ts';

const run = promisify(execFile);
const repository = join(import.meta.dirname, '../../..');
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

/** The Node 20 of the machine, the oldest version that the client supports. The tests run on a newer Node. */
const NODE_20 = '/usr/bin/node';

let temporary: string;
/** A project of a user: an empty folder, in which npm has installed the packed client and nothing else. */
let project: string;

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'waymark-client-'));
  project = join(temporary, 'project');
  await mkdir(project);
  await run('npm', ['pack', '--pack-destination', temporary], { cwd: join(repository, 'packages/client') });
  const tarball = join(temporary, `waymark-client-${clientPackage.version}.tgz`);
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--prefix', project, tarball], { cwd: project });
}, 60_000);

afterAll(() => rm(temporary, { recursive: true }));

const writeToProject = (name: string, text: string) => writeFile(join(project, name), text);

/** A program of a user: a prediction, and an error that is recognised by its class. */
const PROGRAM = `
  const client = createClient({ url: process.argv[2] });
  client.predict('win money now')
    .then(({ prediction }) => client.predict('a', { model: 'none' }).catch((error) => {
      console.log(prediction, error instanceof ProblemError, error instanceof WaymarkError, error.problem);
    }));
`;
const PROGRAMS = [
  ['an ES module', 'use.mjs', `import { createClient, ProblemError, WaymarkError } from 'waymark-client';${PROGRAM}`],
  ['CommonJS', 'use.cjs', `const { createClient, ProblemError, WaymarkError } = require('waymark-client');${PROGRAM}`],
] as const;

describe('the package waymark-client', () => {
  test('consists of compiled code and types, the README and the licence', async () => {
    const installed = join(project, 'node_modules/waymark-client');
    expect((await readdir(installed)).toSorted()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json']);
    const files = (await readdir(join(installed, 'dist'), { recursive: true })).map(String);
    expect(files).toEqual(expect.arrayContaining(['index.js', 'index.d.ts', 'cjs/index.js', 'cjs/index.d.ts']));
    for (const name of files) expect(name).toMatch(/^cjs$|^cjs\/package\.json$|\.js$|\.d\.ts$/);
    expect(await readFile(join(installed, 'LICENSE'), 'utf8')).toBe(
      await readFile(join(repository, 'LICENSE'), 'utf8'),
    );
  });

  test('has the version and the licence of the service, and no dependencies', async () => {
    expect(clientPackage).toMatchObject({ version: rootPackage.version, license: rootPackage.license });
    expect(Object.keys(clientPackage).filter((key) => key.toLowerCase().endsWith('dependencies'))).toEqual([]);
    expect((await readdir(join(project, 'node_modules'))).filter((name) => !name.startsWith('.'))).toEqual([
      'waymark-client',
    ]);
    const entry = await readFile(join(project, 'node_modules/waymark-client/dist/index.js'), 'utf8');
    expect([...entry.matchAll(/from '([^']+)'/g)].map(([, from]) => from)).toEqual(['./client.js', './errors.js']);
  });

  test.each(PROGRAMS)('works from %s', async (_, name, text) => {
    const { url } = await serve();
    await writeToProject(name, text);
    // If require() could load an ES module, the test would pass without a CommonJS module.
    const { stdout } = await run(process.execPath, ['--no-experimental-require-module', join(project, name), url]);
    expect(stdout.trim()).toBe('spam true true model-not-found');
  });

  test.for(PROGRAMS)('works on Node 20 from %s', async ([, name, text], { skip }) => {
    const version = existsSync(NODE_20) ? (await run(NODE_20, ['--version'])).stdout.trim() : 'no Node';
    skip(!version.startsWith('v20.'), `there is no Node 20 at ${NODE_20}, but ${version}`);
    const { url } = await serve();
    await writeToProject(name, text);
    const { stdout } = await run(NODE_20, [join(project, name), url]);
    expect(stdout.trim()).toBe('spam true true model-not-found');
  });

  test.each([
    ['nodenext', 'use.mts'],
    ['nodenext', 'use.cts'],
    ['bundler', 'use.ts'],
  ])('has types for strict TypeScript: module resolution %s, %s', async (resolution, name) => {
    const module = resolution === 'nodenext' ? 'nodenext' : 'esnext';
    const options = `--noEmit --strict --exactOptionalPropertyTypes --target es2022 --lib es2022,dom
      --module ${module} --moduleResolution ${resolution}`.split(/\s+/);
    const compile = () =>
      run(process.execPath, [compiler, ...options, '--types', '', name], { cwd: project }).then(
        () => '',
        ({ stdout }: { stdout: string }) => stdout,
      );
    const text = `import { type ClientOptions, createClient, ProblemError, type PredictAnswer } from 'waymark-client';
      const options: ClientOptions = { url: 'http://localhost', circuitBreaker: false };
      export const answer: Promise<PredictAnswer> = createClient(options).predict('a', { explain: true });
      export const score: Promise<number | undefined> = answer.then(({ scores }) => scores['spam']);
      answer.catch((error) => error instanceof ProblemError && error.retryAfterMs?.toFixed());`;
    await writeToProject(name, text);
    expect(await compile()).toBe('');
    await writeToProject(name, `${text}\ncreateClient({ url: 1 });`);
    expect(await compile()).toContain("Type 'number' is not assignable to type 'string'");
  });

  test('is small, needs no Node, and works, bundled for a browser', async () => {
    await writeToProject(
      'browser.mjs',
      `import { createClient } from 'waymark-client'; globalThis.createClient = createClient;`,
    );
    const bundle = await rolldown({
      input: join(project, 'browser.mjs'),
      cwd: project,
      platform: 'browser',
      logLevel: 'silent',
    });
    const { output } = await bundle.generate({ format: 'iife', minify: true });
    await bundle.close();
    const [{ code, imports }] = output;
    expect(imports).toEqual([]);
    expect(code).not.toContain('node:');
    expect(code.length).toBeLessThan(8_000);

    const { url } = await serve();
    // The globals of a browser that the client needs. It has neither process, require nor Buffer.
    const browser = createContext({ fetch, AbortSignal, URL, URLSearchParams, performance, setTimeout, clearTimeout });
    runInContext(code, browser);
    const answer = runInContext(`createClient({ url: ${JSON.stringify(url)} }).predict('win money now')`, browser);
    expect(await answer).toMatchObject({ prediction: 'spam' });
  });
});
