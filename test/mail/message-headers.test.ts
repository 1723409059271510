import { readdir, readFile } from 'node:fs/promises';
import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import { markMessage, readField } from '../../src/mail/message-headers.ts';

const mark = (raw: string, ...fields: [string, string][]) =>
  markMessage(Buffer.from(raw, 'latin1'), fields).toString('latin1');

describe('a marked message', () => {
  test('has the new fields first, and is otherwise unchanged', () => {
    expect(mark('A: 1\r\nB: 2\r\n\r\nbody\n', ['X', 'y'])).toBe('X: y\r\nA: 1\r\nB: 2\r\n\r\nbody\n');
    expect(mark('A: 1\n\nX-Spam-Flag: in the body\n', ['X', 'y'])).toBe('X: y\nA: 1\n\nX-Spam-Flag: in the body\n');
  });

  test('keeps every byte of the body', () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const marked = markMessage(Buffer.concat([Buffer.from('A: 1\r\n\r\n'), bytes]), [['X', 'y']]);
    expect(marked.subarray(-256)).toEqual(bytes);
  });

  test('has no forged fields of its sender, in any spelling', () => {
    const claims = 'x-spam-status: No\r\nX-Spam-Report: a\r\n\tb\r\n c\r\nX-WAYMARK-Prediction-Id: forged\r\n';
    expect(mark(`A: 1\r\n${claims}X-Mailer: m\r\n\r\nbody`)).toBe('A: 1\r\nX-Mailer: m\r\n\r\nbody');
  });

  test.each([
    ['a bare CR', 'A: 1\rX-Spam-Flag: NO\rX-Waymark-Prediction-Id: forged\r\nB: 2\r\n', 'A: 1\r\nB: 2\r\n'],
    ['a bare CR before other text', 'A: 1\rmore\r\n', 'A: 1 more\r\n'],
    ['bare CRs within the name', 'X-Sp\ram-Flag\r: NO\r\nB: 2\r\n', 'B: 2\r\n'],
    ['two bare CRs, which could end the header', 'A: 1\r\r\nX-Spam-Flag: NO\r\n', 'A: 1 \r\n'],
    ['NUL', 'X-S\0pam-Flag: NO\r\n\0X-Spam-Flag: NO\r\nA: 1\0\r\n', 'A: 1\r\n'],
    ['a byte order mark', '\xef\xbb\xbfX-Spam-Flag: NO\r\nA: 1\r\n\xef\xbb\xbfX-Spam-Flag: NO\r\n', 'A: 1\r\n'],
    ['a leading blank at the start', ' X-Spam-Flag: NO\r\n\tmore\r\nA: 1\r\n', 'A: 1\r\n'],
    ['a leading blank later', 'A: 1\r\n X-Spam-Flag: NO\r\n more\r\n', 'A: 1\r\n more\r\n'],
    [
      'a blank or a control character in the name',
      '\x0cX-Spam-Flag : NO\r\nX-Spam-\x01Flag: NO\r\nA: 1\r\n',
      'A: 1\r\n',
    ],
    ['a name of two lines', 'X-Spam-Flag\r\n : NO\r\nA: 1\r\n', 'A: 1\r\n'],
    ['a header that ends with LF and CRLF', 'A: 1\nX-Spam-Flag: NO\n', 'A: 1\n'],
  ])('has no forged fields behind %s', (_, header, kept) => {
    const empty = header.endsWith('\r\n') ? '\r\n' : '\n';
    expect(mark(`${header}${empty}body\rX-Spam-Flag: in the body`, ['X', 'y'])).toBe(
      `X: y${empty}${kept}${empty}body\rX-Spam-Flag: in the body`,
    );
  });

  test('has no mbox separator', () => {
    expect(mark('From a@b Thu Aug 22 2002\nA: 1\n\nbody', ['X', 'y'])).toBe('X: y\nA: 1\n\nbody');
  });

  test.each([
    ['an empty message', '', 'X: y\r\n'],
    ['a header without a body', 'A: 1\r\n', 'X: y\r\nA: 1\r\n'],
    ['a body whose first line is no field', 'hello\r\nX: 1\r\n', 'X: y\r\n\r\nhello\r\nX: 1\r\n'],
    ['a header after a quoted separator', '>From a\r\nA: 1\r\n', 'X: y\r\n>From a\r\nA: 1\r\n'],
    ['a body without a header', '\r\nbody', 'X: y\r\n\r\nbody'],
  ])('can be %s', (_, raw, marked) => {
    expect(mark(raw, ['X', 'y'])).toBe(marked);
  });

  test('cannot get more fields from a value with line breaks', () => {
    expect(mark('A: 1\r\n\r\n', ['X', 'y\r\nInjected: z\u{1f98a}'])).toBe('X: y??Injected: z??\r\nA: 1\r\n\r\n');
  });

  test('has no lines that are too long, and a long value is read back whole', () => {
    const id = 'x'.repeat(2_500);
    const marked = mark('A: 1\r\n\r\nbody', ['X-Waymark-Prediction-Id', id]);
    expect(Math.max(...marked.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
    expect(readField(Buffer.from(marked), 'x-waymark-prediction-id')).toBe(id);
  });

  test('is parsed as before, for real mails', async () => {
    const folder = 'test/fixtures/mail';
    for (const name of (await readdir(folder)).filter((file) => file.endsWith('.eml'))) {
      const raw = await readFile(`${folder}/${name}`);
      const [before, after] = await Promise.all(
        [raw, markMessage(raw, [['X-Spam-Flag', 'NO']])].map((m) => PostalMime.parse(m)),
      );
      expect(after!.headers[0]).toMatchObject({ key: 'x-spam-flag', value: 'NO' });
      expect([after!.subject, after!.text, after!.html]).toEqual([before!.subject, before!.text, before!.html]);
    }
  });
});

test('a missing field is undefined, and the body is not searched', () => {
  expect(readField(Buffer.from('A: 1\n\nX: 2'), 'X')).toBeUndefined();
  expect(readField(Buffer.from('A: 1\nx : 2\nX:3\n\n'), 'X')).toBe('3');
});
