/** `npm run build:console`: bundles the console into `src/http/console/assets`. A test fails if the files are not current. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleConsole } from './console-bundle.ts';

const ASSETS = join(import.meta.dirname, '../src/http/console/assets');

const files = await bundleConsole();
await mkdir(ASSETS, { recursive: true });
for (const [name, content] of files) await writeFile(join(ASSETS, name), content);
for (const [name, content] of files) process.stdout.write(`${name.padEnd(12)} ${Buffer.byteLength(content)} bytes\n`);
