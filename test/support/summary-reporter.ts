import type { Reporter, TestModule } from 'vitest/node';

/**
 * Prints, after the default report, the duration of the run and each skipped test. The title of a test that can be skipped ends
 * with its reason, "(needs …)".
 */
export default class SummaryReporter implements Reporter {
  #started = 0;

  onTestRunStart(): void {
    this.#started = performance.now();
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const seconds = Math.round((performance.now() - this.#started) / 1_000);
    const skipped = modules.flatMap((module) =>
      [...module.children.allTests('skipped')].map((test) => `  ${module.relativeModuleId}: ${test.fullName}\n`),
    );
    const summary = skipped.length === 0 ? 'Nothing was skipped.' : `Skipped, each for the reason in its title:`;
    process.stdout.write(`Took ${seconds} s. ${summary}\n${skipped.join('')}\n`);
  }
}
