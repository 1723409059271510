import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';

const PROJECT = join(import.meta.dirname, '../..');
const text = (path: string) => readFileSync(join(PROJECT, path), 'utf8');

const promises = [
  ...text('SECURITY.md').matchAll(/^\| (?!promise|---|version|the latest|older)(.+) \| (.*`test\/.+) \|$/gm),
].map(([, promise = '', tests = '']) => ({
  promise,
  tests: [...tests.matchAll(/`(test\/[^`]+)`/g)].map(([, file = '']) => file),
}));

describe('SECURITY.md', () => {
  test('says how to report a vulnerability, and what is not promised', () => {
    for (const heading of [
      'Report a vulnerability',
      'Supported versions',
      'What is promised',
      'What is not promised',
    ]) {
      expect(text('SECURITY.md')).toContain(`\n## ${heading}\n`);
    }
  });

  test('has a test for each row of its promises', () => {
    const [, table = ''] = /## What is promised\n([\s\S]*?)\n## /.exec(text('SECURITY.md')) ?? [];
    const rows = [...table.matchAll(/^\| /gm)].length;
    expect(promises.length).toBe(rows - 2);
    expect(promises.length).toBeGreaterThan(25);
  });

  test.each(promises)('names files with tests for: $promise', ({ tests }) => {
    expect(tests.length).toBeGreaterThan(0);
    for (const file of tests) {
      expect([file, existsSync(join(PROJECT, file))]).toEqual([file, true]);
      expect([file, /\btest(?:\.\w+(?:\([^\n]*\))?)*\(/.test(text(file)) || /\bexpect\(/.test(text(file))]).toEqual([
        file,
        true,
      ]);
    }
  });
});

describe('docs/security', () => {
  const pages = readdirSync(join(PROJECT, 'docs/security'));

  test.each(pages)('%s leads to files that exist', (page) => {
    const folder = 'docs/security';
    const content = text(`${folder}/${page}`);
    const links = [...content.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(([, path = '']) =>
      posix.join(folder, path),
    );
    const files = [...content.matchAll(/`((?:src|test|otel|tools|packages|docs)\/[\w./-]+\.\w+)`/g)].map(
      ([, path = '']) => path,
    );
    const missing = [...links, ...files].filter((path) => !existsSync(join(PROJECT, path)));
    expect(missing).toEqual([]);
  });
});
