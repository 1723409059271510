import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startGatewayProcess, startProcess } from '../support/service-process.ts';
import { postMail } from './in-process.ts';

const MEGABYTE = 2 ** 20;
const header = (type: string) => `Subject: hello\r\nContent-Type: ${type}\r\n\r\n`;

/** Mails below the limit of 10 MiB. Each took between 9 s and 45 s, or gigabytes. */
const MAILS: [string, string][] = [
  ['short lines', `${header('text/plain')}${'ab\r\n'.repeat(2 * MEGABYTE)}`],
  ['HTML of blank lines', `${header('text/html')}<p>hello</p>${'\r\n'.repeat(4 * MEGABYTE)}`],
  [
    'HTML of blank lines in base64',
    `Content-Transfer-Encoding: base64\r\n${header('text/html')}${lines64('\n'.repeat(6 * MEGABYTE))}`,
  ],
  ['HTML of one line of tags', `${header('text/html')}${'<b><p>'.repeat(1.5 * MEGABYTE)}`],
  ['100,000 parts', `${header('multipart/mixed; boundary=b')}${'--b\r\n\r\n'.repeat(100_000)}`],
  ['1,000,000 parts', `${header('multipart/mixed; boundary=b')}${'--b\r\n\r\n'.repeat(1_000_000)}`],
  [
    '20,000 nested messages',
    `Subject: hello\r\n${'Content-Type: message/rfc822\r\n\r\nSubject: x\r\n'.repeat(20_000)}\r\nend`,
  ],
  ['a header of 9 MB', `${'X-A: b\r\n'.repeat(MEGABYTE)}${header('text/plain')}hello`],
  ['a field of 9 MB', `Subject: hello\r\nX-A: ${'b'.repeat(9 * MEGABYTE)}\r\n\r\nhello`],
  ['a subject of 9 MB', `Subject: ${'=?utf-8?q?a?= '.repeat(0.6 * MEGABYTE)}\r\n\r\nhello`],
  ['recipients of 9 MB', `To: ${'((a <b@c>,'.repeat(0.9 * MEGABYTE)}\r\nSubject: hello\r\n\r\nhello`],
  [
    'parameters of 9 MB',
    `Subject: hello\r\nContent-Type: multipart/mixed; ${'a*0=b; '.repeat(1.2 * MEGABYTE)}\r\n\r\nhello`,
  ],
];

function lines64(text: string): string {
  return Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\r\n');
}

test('hostile mails are judged in time, without stalling others or taking memory', async () => {
  const service = await startProcess();
  const gateway = await startGatewayProcess({
    WAYMARK_URL: service.url,
    GATEWAY_MAILDIR: await mkdtemp(join(tmpdir(), 'waymark-maildir-')),
  });
  onTestFinished(async () => {
    await Promise.all([service.stop(), gateway.stop()]);
  });
  const rows: Record<string, unknown>[] = [];
  for (const [name, raw] of MAILS) {
    expect(raw.length).toBeLessThan(10 * MEGABYTE);
    let slowest = 0;
    let isRead = false;
    const started = performance.now();
    const reading = postMail(gateway.url, raw, { accept: 'application/json' }).finally(() => {
      isRead = true;
    });
    while (!isRead) {
      const asked = performance.now();
      await fetch(`${gateway.url}/livez`);
      slowest = Math.max(slowest, performance.now() - asked);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const verdict = (await (await reading).json()) as { checked: boolean; partlyRead?: string };
    const rss = await memoryOf(gateway.metricsUrl);
    rows.push({
      name,
      ms: Math.round(performance.now() - started),
      livezMs: Math.round(slowest),
      rssMb: Math.round(rss / MEGABYTE),
      partlyRead: verdict.partlyRead,
    });
    expect([name, verdict.checked]).toEqual([name, true]);
  }
  console.table(rows);
  // The figures are printed. These bounds are far above them, and far below what the mails took.
  for (const { name, ms, rssMb } of rows) {
    expect([name, Number(ms) < 6_000, Number(rssMb) < 1_024]).toEqual([name, true, true]);
  }
});

async function memoryOf(metricsUrl: string): Promise<number> {
  const text = await (await fetch(metricsUrl)).text();
  return Number(/^process_memory_usage_bytes\S* (\S+)/m.exec(text)?.[1] ?? 0);
}
