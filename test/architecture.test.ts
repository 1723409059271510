import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderGraph, readImports } from './support/import-graph.ts';

const PROJECT = join(import.meta.dirname, '..');
const MIN_FILES = 3;
const MAX_FILES = 15;
const MAX_LINES = 250;

const read = (file: string) => readFileSync(join(PROJECT, file), 'utf8');
const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: PROJECT, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(PROJECT, file)));
const imports = readImports(
  PROJECT,
  tracked.filter((file) => /^(?:src|otel|tools|packages)\/.*\.ts$/.test(file)),
);
const graph = folderGraph(imports);

/** The rows of the table in docs/architecture.md: each folder, and the folders that it may import from. */
const allowed = [...read('docs/architecture.md').matchAll(/^\| `([^`]+)` \| [^|]+ \| (nothing|`[^|]+`) \|$/gm)].map(
  ([, folder = '', list = '']) => ({
    folder,
    mayImport: [...list.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  }),
);

describe('the table of folders in docs/architecture.md', () => {
  test('has every folder with source files', () => {
    expect(allowed.map(({ folder }) => folder).toSorted()).toEqual([...graph.keys()].toSorted());
  });

  test.each(allowed)('names exactly the imports of $folder', ({ folder, mayImport }) => {
    expect([...(graph.get(folder) ?? [])].toSorted()).toEqual(mayImport.toSorted());
  });

  test.each(allowed)('has the imports of $folder above it, so that there is no circle', ({ folder, mayImport }) => {
    const above = allowed.slice(
      0,
      allowed.findIndex((row) => row.folder === folder),
    );
    expect(above.map((row) => row.folder)).toEqual(expect.arrayContaining(mayImport));
  });
});

test('the core and the client are pure', () => {
  const modules = (prefix: string) =>
    imports.filter(({ file }) => file.startsWith(prefix)).flatMap((file) => file.modules);
  expect(modules('src/classifier/').filter((name) => !name.startsWith('natural/lib/natural/'))).toEqual([]);
  expect(modules('packages/client/src/')).toEqual([]);
});

const folders = Map.groupBy(tracked, (file) => posix.dirname(file));
const held = [...folders].filter(([folder]) =>
  /^(?:src|otel|tools|packages|test|bench|demo|docs)(?:\/|$)/.test(folder),
);

test.each(held.filter(([folder]) => !folder.includes('fixtures')).map(([folder, files]) => ({ folder, files })))(
  `$folder holds at most ${MAX_FILES} files`,
  ({ files }) => {
    expect(files.length).toBeLessThanOrEqual(MAX_FILES);
  },
);

test(`a source folder without subfolders holds at least ${MIN_FILES} files`, () => {
  const small = [...graph.keys()].filter((folder) => {
    const isLeaf = ![...folders.keys()].some((other) => other.startsWith(`${folder}/`));
    return isLeaf && (folders.get(folder)?.length ?? 0) < MIN_FILES;
  });
  expect(small).toEqual([]);
});

test(`no source file is longer than ${MAX_LINES} lines`, () => {
  const long = tracked
    .filter((file) => /^(?:src|otel|tools|packages|bench|demo)\/.*\.(?:ts|py|sh)$/.test(file))
    .filter((file) => read(file).trimEnd().split('\n').length > MAX_LINES);
  expect(long).toEqual([]);
});

describe('CONTRIBUTING.md', () => {
  const paths = [...read('CONTRIBUTING.md').matchAll(/`((?:\.?[\w-]+\/)+[\w.*-]*|[\w-]+\.(?:md|json|ts|yml))`/g)];

  test('leads to at least ten places', () => {
    expect(paths.length).toBeGreaterThanOrEqual(10);
  });

  test.each(paths.map(([, path = '']) => path))('leads to %s, which exists', (path) => {
    expect(existsSync(join(PROJECT, path))).toBe(true);
  });
});
