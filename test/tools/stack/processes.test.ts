import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Component } from '../../../tools/stack/components.ts';
import { freePorts } from '../../../tools/stack/ports.ts';
import { type RunningComponent, start } from '../../../tools/stack/processes.ts';

const HEALTHY = 'require("http").createServer((_, answer) => answer.end()).listen(process.env.PORT, "127.0.0.1");';

describe('a component', () => {
  let folder: string;
  let running: RunningComponent | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'waymark-processes-'));
  });

  afterEach(async () => {
    running?.kill();
    await running?.exited;
    running = undefined;
    await rm(folder, { recursive: true });
  });

  test('is started when its health endpoint answers, and stops by SIGTERM', async () => {
    running = await startComponent(await component(HEALTHY));
    await expect(running.stop()).resolves.toBe(false);
    await expect(running.exited).resolves.toBe('ended by SIGTERM');
  });

  test('that does not stop in time is killed together with its children', async () => {
    const child =
      'require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });';
    running = await startComponent(await component(`${HEALTHY} ${child} process.on("SIGTERM", () => {});`));
    await expect(running.stop()).resolves.toBe(true);
    await expect(running.exited).resolves.toBe('ended by SIGKILL');
  });

  test('that ends before it is ready fails with its name, the exit code and the end of its log', async () => {
    const broken = await component('console.error("no such model"); process.exit(3)');
    await expect(startComponent(broken)).rejects.toThrow(
      /^waymark did not start \(exit code 3\)[\s\S]*\| no such model/,
    );
  });

  test('without an executable file fails with its name', async () => {
    await expect(startComponent({ ...(await component('')), file: '/no/such/program' })).rejects.toThrow(
      /^waymark could not be started: .*ENOENT/,
    );
  });

  test('that never becomes ready fails as soon as the start is cancelled', async () => {
    const interruption = new AbortController();
    const starting = start(await component('setInterval(() => {}, 1000)'), join(folder, 'log'), interruption.signal);
    interruption.abort(new Error('interrupted'));
    await expect(starting).rejects.toThrow('interrupted');
  });

  function startComponent(component: Component): Promise<RunningComponent> {
    return start(component, join(folder, 'log'), new AbortController().signal);
  }

  async function component(script: string): Promise<Component> {
    const { service: port } = await freePorts();
    return {
      name: 'waymark',
      file: process.execPath,
      args: ['-e', script],
      env: { PORT: String(port) },
      cwd: folder,
      health: `http://127.0.0.1:${port}`,
      stopWithinMs: 300,
    };
  }
});
