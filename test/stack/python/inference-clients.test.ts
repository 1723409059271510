import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServiceProcess, startProcess } from '../../support/service-process.ts';
import { pythonPrograms } from './environment.ts';

const run = promisify(execFile);
const programs = await pythonPrograms();

describe.skipIf(programs === undefined)('published clients of the Open Inference Protocol', () => {
  let service: ServiceProcess;

  beforeAll(async () => {
    service = await startProcess();
  });

  afterAll(() => service.stop());

  test.each(['Triton', 'MLServer'])('%s passes its suite: metadata, inference, errors, repository', async (suite) => {
    const { stderr } = await run(
      join(programs!, 'python'),
      [join(import.meta.dirname, 'inference_clients.py'), suite],
      { env: { ...process.env, WAYMARK_URL: service.url } },
    );
    expect(stderr).toMatch(/^OK$/m);
    expect(stderr).toMatch(/^Ran [4-9] tests/m);
  });
});
