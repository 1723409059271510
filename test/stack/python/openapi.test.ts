import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServiceProcess, startProcess } from '../../support/service-process.ts';
import { pythonPrograms } from './environment.ts';

const run = promisify(execFile);
const programs = await pythonPrograms();

describe.skipIf(programs === undefined)('schemathesis', () => {
  let service: ServiceProcess;
  let folder: string;

  beforeAll(async () => {
    service = await startProcess({ LOG_LEVEL: 'info' });
    // schemathesis leaves files in its working folder.
    folder = await mkdtemp(join(tmpdir(), 'waymark-schemathesis-'));
  });

  afterAll(async () => {
    await service.stop();
    await rm(folder, { recursive: true });
  });

  test('finds no server error, no undocumented response and no violation of the document', async () => {
    const configuration = join(import.meta.dirname, 'schemathesis.toml');
    const document = `${service.url}/openapi.json`;
    const args = ['--config-file', configuration, 'run', document, '--max-examples', '30', '--seed', '1', '--no-color'];
    const { stdout } = await run(join(programs!, 'schemathesis'), args, {
      cwd: folder,
      maxBuffer: 16 * 1024 ** 2,
    }).catch((failed: { stdout: string }) => {
      throw new Error(failed.stdout);
    });
    const { paths } = (await (await fetch(document)).json()) as { paths: Record<string, object> };
    const operations = Object.values(paths).flatMap((path) => Object.keys(path)).length;
    // schemathesis does not test the route of the document itself, and its configuration leaves out the stream.
    expect(stdout).toContain(`Tested: ${operations - 2}\n`);
    expect(service.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
