import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../tools/stack/check/queries.ts';
import { freePorts } from '../../tools/stack/ports.ts';
import { IMAGE_USER, type Image, layOut } from './dockerfile.ts';

const PROJECT = join(import.meta.dirname, '../..');

describe('the image that the Dockerfile makes', () => {
  let scratch: string;
  let image: Image;
  let env: NodeJS.ProcessEnv;
  let service: ChildProcess;
  let output = '';

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'waymark-image-'));
    chmodSync(scratch, 0o755);
    image = layOut(PROJECT, scratch);
    const ports = await freePorts();
    const paths = Object.entries(image.env).map(([key, value]) => [key, value.replace(/^\//, `${image.root}/`)]);
    env = {
      ...Object.fromEntries(paths),
      PORT: String(ports.service),
      OTEL_EXPORTER_PROMETHEUS_PORT: String(ports.serviceMetrics),
      HOST: '127.0.0.1',
      OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
    };
    service = inside(image.cmd);
    for (const stream of [service.stdout, service.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
  });

  afterAll(() => {
    service?.kill('SIGKILL');
    rmSync(scratch, { recursive: true, force: true });
  });

  test('becomes healthy by its own health check', async () => {
    await eventually(async () => {
      const [code] = await once(inside(image.healthcheck), 'exit');
      expect(code, output).toBe(0);
    });
  });

  test.skipIf(IMAGE_USER === undefined)(
    'lets its process write into the data and models folders and nowhere else',
    async () => {
      const write = (path: string) =>
        once(inside(['node', '-e', `fs.writeFileSync(${JSON.stringify(path)}, '')`]), 'exit');
      expect(await write('src/written')).toEqual([1, null]);
      expect(await write('data/written')).toEqual([0, null]);
      expect(await write('models/spam/written')).toEqual([0, null]);
    },
  );

  test('answers a prediction', async () => {
    const response = await fetch(`http://127.0.0.1:${env['PORT']}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'Win a prize now' }),
    });
    expect(response.status).toBe(200);
  });

  test('holds no development dependencies', () => {
    for (const name of ['vitest', 'typescript', '@biomejs/biome', 'node']) {
      expect(existsSync(join(image.root, image.workdir, 'node_modules', name)), name).toBe(false);
    }
  });

  test('ends cleanly on SIGTERM', async () => {
    const exit = once(service, 'exit');
    service.kill('SIGTERM');
    expect(await exit, output).toEqual([0, null]);
  });

  function inside([program = '', ...args]: string[]): ChildProcess {
    return spawn(program === 'node' ? process.execPath : program, args, {
      cwd: join(image.root, image.workdir),
      env,
      ...(IMAGE_USER === undefined ? {} : { uid: IMAGE_USER, gid: IMAGE_USER }),
    });
  }
});
