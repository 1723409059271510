import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { createTraffic, type Traffic } from '../../../tools/stack/check/traffic.ts';
import { type Stack, startStack } from '../../../tools/stack/stack.ts';

/** A running stack, and a client that sends mails to it. */
export interface RunningStack extends Stack {
  traffic: Traffic;
  /** The folder of the data and the logs. */
  folder: string;
}

/** Describes tests with a stack of their own, which starts before the first test and stops after the last. */
export function describeStack(
  title: string,
  tests: (stack: () => RunningStack) => void,
  serviceEnv: NodeJS.ProcessEnv = {},
): void {
  describe.skipIf(inject('missingPrerequisite'))(title, () => {
    let stack: RunningStack;
    let folder: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'waymark-stack-'));
      const signal = new AbortController().signal;
      const started = await startStack({
        folder,
        ports: 'free',
        pace: 'fast',
        output: process.stdout,
        signal,
        serviceEnv,
      });
      stack = { ...started, folder, traffic: await createTraffic(started.urls.service) };
    });

    afterAll(async () => {
      await stack?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    tests(() => stack);
  });
}
