import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { expect, test } from 'vitest';

const PROJECT = join(import.meta.dirname, '../..');

/** Matches an import or an export from another file that Node loads at once: no type, and no `import()`. */
const STATIC_IMPORT = /^(?:import|export)\s+(?!type\b)(?:[^;'"]*?\sfrom\s+)?'([^']+)'/gm;

/** Returns the packages that Node loads with a program. */
function packagesOf(entry: string): Set<string> {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const files = [entry];
  for (let file = files.pop(); file !== undefined; file = files.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const [, specifier = ''] of readFileSync(join(PROJECT, file), 'utf8').matchAll(STATIC_IMPORT)) {
      if (specifier.startsWith('.')) files.push(posix.join(posix.dirname(file), specifier));
      else packages.add(specifier);
    }
  }
  expect(seen.size).toBeGreaterThan(3);
  return packages;
}

test.each([
  'src/main.ts',
  'src/service.ts',
  'src/process/supervisor.ts',
  'src/feedback/feedback-thread.ts',
  'src/maintenance/retraining/training-process.ts',
  'src/training/training-thread.ts',
  'src/cli/train.ts',
])('%s does not load the client of PostgreSQL', (entry) => {
  expect(packagesOf(entry)).not.toContain('pg');
});

test('the thread of a database loads it', () => {
  expect(packagesOf('src/feedback/postgres/postgres-thread.ts')).toContain('pg');
});
