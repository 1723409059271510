import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/platform/config.ts';
import { greeting } from '../../src/process/greeting.ts';
import { freePort } from '../support/service-process.ts';

/** Gives a program a terminal. It is part of util-linux. */
const SCRIPT = '/usr/bin/script';
const CTRL_C = '\x03';

test('names the pages, a request to try, the metrics and how to stop', () => {
  const text = greeting('http://127.0.0.1:3000', readConfig({ OTEL_EXPORTER_PROMETHEUS_HOST: '::1' }));
  expect(text).toContain('http://127.0.0.1:3000/docs');
  expect(text).toContain('curl -s http://127.0.0.1:3000/predict');
  expect(text).toContain('http://[::1]:9464/metrics');
  expect(text).toContain('Ctrl-C');
});

test.skipIf(!existsSync(SCRIPT))('is printed on a terminal (needs script of util-linux)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-greeting-'));
  const command = `${process.execPath} --import ./otel/preload.ts src/main.ts`;
  const terminal = spawn(SCRIPT, ['-qefc', command, '/dev/null'], {
    env: { ...process.env, PORT: '0', DATA_DIR: folder, OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  const ended = new Promise((resolve) => terminal.once('close', resolve));
  for await (const piece of terminal.stdout.setEncoding('utf8') as AsyncIterable<string>) {
    output += piece;
    if (output.includes('Ctrl-C')) break;
  }
  expect(output).toMatch(/"msg":"ready".*Waymark is ready\..*Open +http:\/\/127\.0\.0\.1:\d+\//s);
  terminal.stdin.write(CTRL_C);
  await ended;
  await rm(folder, { recursive: true });
});
