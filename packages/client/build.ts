import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** Compiles `src/client` for those who run no TypeScript: as ES modules and, in `cjs/`, as CommonJS, both with types. */
const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist/client' } } });
const out = resolve(values.out);
const project = resolve(import.meta.dirname, './tsconfig.json');
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

compile('--outDir', out);
// The kind of a module follows from the nearest package.json, for Node and for the compiler alike.
await mkdir(join(out, 'cjs'), { recursive: true });
await writeFile(join(out, 'package.json'), '{"type":"module"}\n');
await writeFile(join(out, 'cjs/package.json'), '{"type":"commonjs"}\n');
compile(
  '--outDir',
  join(out, 'cjs'),
  '--module',
  'commonjs',
  '--moduleResolution',
  'bundler',
  '--verbatimModuleSyntax',
  'false',
);
process.stdout.write(`The client is in ${out}\n`);

function compile(...options: string[]): void {
  const { status } = spawnSync(process.execPath, [compiler, '--project', project, ...options], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
