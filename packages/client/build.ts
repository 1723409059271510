import { spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Compiles the client into `dist`: ES modules there, CommonJS modules in `dist/cjs`, both with their types. */
const folder = import.meta.dirname;
const dist = join(folder, 'dist');
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

// Files of an earlier build would be packed too.
await rm(dist, { recursive: true, force: true });
compile('--outDir', dist);
const commonJs = '--module commonjs --moduleResolution bundler --verbatimModuleSyntax false';
compile('--outDir', join(dist, 'cjs'), ...commonJs.split(' '));
// Node and TypeScript take the kind of a module from the nearest package.json; that of the package says ES modules.
await writeFile(join(dist, 'cjs/package.json'), '{"type":"commonjs"}\n');
process.stdout.write(`The client is in ${dist}\n`);

function compile(...options: string[]): void {
  const { status } = spawnSync(process.execPath, [compiler, '--project', folder, ...options], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
