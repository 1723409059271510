import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { writeManyVersions } from '../../bench/harness/many-versions.ts';
import { post } from '../http/in-process.ts';
import { startProcess } from '../support/service-process.ts';

vi.setConfig({ testTimeout: 120_000 });

const VERSIONS = 100;

/** The limit after the start, when only the active version is in memory. */
const MAX_BYTES = 300e6;
/** A loose limit after all versions were named at full speed: V8 has not collected all that left. All of them take 1.5 GB. */
const MAX_NAMED_BYTES = 900e6;

async function residentBytes(metricsUrl: string): Promise<number> {
  const page = await (await fetch(metricsUrl)).text();
  const pid = /process_pid="(\d+)"/.exec(page)?.[1];
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024;
}

test('a hundred versions on disk are not all in memory, also when each of them is named', async () => {
  const MODELS_DIR = await mkdtemp(join(tmpdir(), 'waymark-versions-'));
  await writeManyVersions(MODELS_DIR, VERSIONS);
  const service = await startProcess({ MODELS_DIR });
  try {
    expect(await residentBytes(service.metricsUrl)).toBeLessThan(MAX_BYTES);
    for (let version = 1; version <= VERSIONS; version += 1) {
      const response = await post(`${service.url}/predict`, { text: 'a mail', model: `spam@${version}` });
      expect(await response.json()).toMatchObject({ model: { version: String(version) } });
    }
    expect(await residentBytes(service.metricsUrl)).toBeLessThan(MAX_NAMED_BYTES);
    const { versions } = (await (await fetch(`${service.url}/models/spam`)).json()) as {
      versions: { loaded: boolean }[];
    };
    expect(versions).toHaveLength(VERSIONS);
    expect(versions.filter(({ loaded }) => loaded).length).toBeLessThan(20);
  } finally {
    await service.stop();
  }
});
