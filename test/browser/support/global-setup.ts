import { existsSync } from 'node:fs';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The path of Chromium, or an empty string if this machine has none. */
    chromium: string;
  }
}

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/**
 * Finds the browser. Without one the tests are skipped.
 *
 * @throws {Error} if there is none on a CI machine
 */
export function setup(project: TestProject): void {
  const found = PATHS.find((path) => existsSync(path)) ?? '';
  const advice = 'There is no Chromium. On Debian: apt-get install chromium.';
  if (found === '' && process.env['CI'] === 'true') throw new Error(advice);
  if (found === '') process.stdout.write(`The tests of the console are skipped. ${advice}\n`);
  project.provide('chromium', found);
}
