import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const PROCESS = 'test/**/*.process.test.ts';
const STRESS = 'test/**/*.stress.test.ts';

export default defineConfig({
  test: {
    // By default Vitest leaves one core to itself, and on two cores runs one file at a time.
    maxWorkers: availableParallelism(),
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          globalSetup: ['test/support/temporary-folder.ts'],
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/stack/**',
            'test/deploy/**',
            'test/compose/**',
            'test/browser/**',
            'test/faults/**',
            PROCESS,
            STRESS,
          ],
          setupFiles: ['test/support/release-api.ts'],
          // The files of a worker share their modules: loading them for each file would take half of the CPU time.
          isolate: false,
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          // The service, the gateway, the commands and PostgreSQL as processes of their own: each takes a second to start.
          name: 'process',
          globalSetup: ['test/support/temporary-folder.ts'],
          include: [PROCESS],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          // Kills, floods and soaks: what takes long by its nature.
          name: 'stress',
          globalSetup: ['test/support/temporary-folder.ts'],
          include: [STRESS],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          // The system under faults that a seed chooses.
          name: 'faults',
          globalSetup: ['test/support/temporary-folder.ts'],
          include: ['test/faults/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          // The console in a real browser, against the real service.
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/support/temporary-folder.ts', 'test/browser/support/global-setup.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'stack',
          include: ['test/stack/**/*.test.ts'],
          globalSetup: ['test/support/temporary-folder.ts', 'test/stack/support/global-setup.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 1_800_000,
        },
      },
      {
        test: {
          // The Helm chart, with the programs that check manifests without a cluster.
          name: 'deploy',
          include: ['test/deploy/**/*.test.ts'],
          globalSetup: ['test/support/temporary-folder.ts', 'test/deploy/support/global-setup.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          // Images and containers of docker-compose.yml, on podman or on a Docker engine.
          name: 'compose',
          include: ['test/compose/**/*.test.ts'],
          globalSetup: ['test/support/temporary-folder.ts', 'test/compose/support/global-setup.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
