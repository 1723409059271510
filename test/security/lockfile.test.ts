import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

const PROJECT = join(import.meta.dirname, '../..');
const REGISTRY = 'https://registry.npmjs.org/';

const lockSchema = z.object({
  lockfileVersion: z.literal(3),
  packages: z.record(
    z.string(),
    z.object({
      version: z.string(),
      resolved: z.string().optional(),
      integrity: z.string().optional(),
      hasInstallScript: z.boolean().optional(),
      link: z.boolean().optional(),
    }),
  ),
});
const projectSchema = z.object({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
  allowScripts: z.record(z.string(), z.boolean()),
});

type Lock = z.output<typeof lockSchema>;

const lock = lockSchema.parse(read('package-lock.json'));
const project = projectSchema.parse(read('package.json'));

function read(file: string): unknown {
  return JSON.parse(readFileSync(join(PROJECT, file), 'utf8'));
}

/** Returns the faults of a lockfile. */
function faultsOf({ packages }: Lock, allowed: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(packages).flatMap(([path, { version, resolved, integrity, hasInstallScript, link }]) => {
    if (path === '') return [];
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    return [
      ...(link || !path.startsWith('node_modules/') ? [`${path} is a folder`] : []),
      // Without `resolved`, npm asks the registry that it is set to, and still requires the digest.
      ...(resolved !== undefined && !resolved.startsWith(REGISTRY) ? [`${path} is from elsewhere`] : []),
      ...(/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '') ? [] : [`${path} has no sha512`]),
      ...(/^\d+\.\d+\.\d+(?:[-+][\w.+-]+)?$/.test(version) ? [] : [`${path} has no version`]),
      ...(hasInstallScript && !(name in allowed) ? [`${path} has an install script that nobody decided on`] : []),
    ];
  });
}

describe('package-lock.json', () => {
  test('takes every package from the registry, with a digest, and every install script was decided on', () => {
    expect(Object.keys(lock.packages).length).toBeGreaterThan(100);
    expect(faultsOf(lock, project.allowScripts)).toEqual([]);
  });

  test.each([
    ['from elsewhere', { resolved: 'git+ssh://git@github.com/evil/koa.git#main' }],
    ['from elsewhere', { resolved: 'https://registry.npmjs.org.evil.example/koa.tgz' }],
    ['has no sha512', { integrity: undefined }],
    ['has no sha512', { integrity: 'sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }],
    ['has no version', { version: 'git' }],
    ['an install script', { hasInstallScript: true }],
    ['is a folder', { link: true }],
  ])('would not pass with a package that %s', (fault, change) => {
    const koa = { ...lock.packages['node_modules/koa']!, ...change };
    const faults = faultsOf({ ...lock, packages: { 'node_modules/koa': koa } }, project.allowScripts);
    expect(faults).toEqual([expect.stringContaining(fault)]);
  });
});

test('package.json names exact versions', () => {
  const { dependencies, devDependencies } = project;
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(([, v]) => !/^\d+\.\d+\.\d+$/.test(v));
  expect(loose).toEqual([]);
});

test('.npmrc names no registry and no secret', () => {
  expect(readFileSync(join(PROJECT, '.npmrc'), 'utf8')).not.toMatch(/registry|_auth|token|password/i);
});
