import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { type Stack, startStack } from '../../../tools/stack/stack.ts';
import { createTraffic, type Traffic } from '../../../tools/stack/check/traffic.ts';

/** A running stack and mails to send it. */
export interface RunningStack extends Stack {
  traffic: Traffic;
  /** Where its data and logs are. */
  folder: string;
}

/** Runs a file's tests against a stack of their own, started before the first and stopped after the last. */
export function describeStack(
  title: string,
  tests: (stack: () => RunningStack) => void,
  serviceEnv: NodeJS.ProcessEnv = {},
): void {
  describe.skipIf(inject('stackIsMissing'))(title, () => {
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
