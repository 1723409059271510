import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';

const PROJECT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

const sbomSchema = z.object({
  bomFormat: z.literal('CycloneDX'),
  components: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      'bom-ref': z.string(),
      hashes: z.array(z.object({ alg: z.literal('SHA-512') })).min(1),
    }),
  ),
  dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.array(z.string()) })),
  metadata: z.object({ component: z.object({ 'bom-ref': z.string() }) }),
});
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string(), name: z.string().optional(), dev: z.boolean().optional() }),
  ),
});

test('`npm run sbom` lists the production packages of the lockfile, each with its digest, and no others', {
  timeout: 120_000,
}, async () => {
  const { stdout } = await run('npm', ['run', '--silent', 'sbom'], { cwd: PROJECT, maxBuffer: 2 ** 26 });
  const { components, dependencies, metadata } = sbomSchema.parse(JSON.parse(stdout));
  const lock = lockSchema.parse(JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8')));
  const expected = Object.entries(lock.packages).flatMap(([path, { version, name, dev }]) =>
    path === '' || dev ? [] : [`${name ?? path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`],
  );
  expect(new Set(components.map(({ name, version }) => `${name}@${version}`))).toEqual(new Set(expected));
  const known = new Set([...components, metadata.component].map((component) => component['bom-ref']));
  const unknown = dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]).filter((ref) => !known.has(ref));
  expect(unknown).toEqual([]);
});
