import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { forwardLines } from '../../../src/telemetry/logs/forward-lines.ts';

async function forwarded(...pieces: Uint8Array[]): Promise<string[]> {
  const written: string[] = [];
  await forwardLines(Readable.from(pieces), { write: (text) => written.push(text) });
  return written;
}

test('pieces end at the end of a line', async () => {
  const bytes = Buffer.from('{"a":1}\n{"b":2}\n{"c":3}\n');
  for (let cut = 0; cut <= bytes.length; cut++) {
    const written = await forwarded(bytes.subarray(0, cut), bytes.subarray(cut));
    expect(written.join('')).toBe(String(bytes));
    for (const text of written) expect(text).toMatch(/\n$/);
  }
});

test('a character that is split is restored', async () => {
  const bytes = Buffer.from('Ü\n');
  expect(await forwarded(bytes.subarray(0, 1), bytes.subarray(1))).toEqual(['Ü\n']);
});

test('an unfinished line is dropped', async () => {
  expect(await forwarded(Buffer.from('whole\nhal'))).toEqual(['whole\n']);
});
