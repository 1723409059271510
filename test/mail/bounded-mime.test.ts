import { describe, expect, test } from 'vitest';
import { parseMime } from '../../src/mail/bounded-mime.ts';

const SPAM = 'Congratulations, you won free money';
const multipart = (body: string) => `Subject: hello\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${body}`;
const firstPart = `--b\r\n\r\n${SPAM}\r\n`;
const parse = (message: string) => parseMime(Buffer.from(message, 'latin1'));

function nestedParts(depth: number): string {
  const levels = Array.from(
    { length: depth },
    (_, i) =>
      `--b${i}\r\n${i === 0 ? `\r\n${SPAM}\r\n--b0\r\n` : ''}Content-Type: multipart/mixed; boundary=b${i + 1}\r\n\r\n`,
  );
  return `Subject: hello\r\nContent-Type: multipart/mixed; boundary=b0\r\n\r\n${levels.join('')}`;
}

describe('what was read within the limits counts:', () => {
  test.each([
    ['nested parts', nestedParts(300), 'depth'],
    ['many parts', multipart(firstPart + '--b\r\n\r\n'.repeat(100_000)), 'parts'],
    ['one line of 3 MB', `Subject: hello\r\n\r\n${SPAM} ${'ab '.repeat(1_000_000)}`, 'size'],
    [
      'one line of 3 MB, which is not the last',
      `Subject: hello\r\n\r\n${SPAM} ${'ab '.repeat(1_000_000)}\r\n\r\n`,
      'size',
    ],
    ['a long subject', `Subject: hello\r\nX-A: ${'b'.repeat(20_000)}\r\n\r\n${SPAM}`, 'header'],
    ['many short lines', `Subject: hello\r\n\r\n${SPAM}\r\n${'ab\r\n'.repeat(200_000)}`, 'lines'],
    ['a large header of a part', multipart(`${firstPart}--b\r\n${'X-A: b\r\n'.repeat(300_000)}\r\nmore`), 'header'],
    ['a large header before the subject', `${'X-A: b\r\n'.repeat(300_000)}Subject: hello\r\n\r\n${SPAM}`, 'header'],
    ['a long list of recipients', `To: ${'a <a@b>,\r\n '.repeat(200_000)}\r\nSubject: hello\r\n\r\n${SPAM}`, 'header'],
  ])('%s', async (_, message, limit) => {
    const content = await parse(message);
    expect(content.subject).toBe('hello');
    expect(content.plain).toContain(SPAM);
    expect(content.limit).toBe(limit);
  });

  test('many messages in messages', async () => {
    const messages = 'Content-Type: message/rfc822\r\n\r\nSubject: x\r\n'.repeat(20_000);
    expect(await parse(`Subject: hello\r\n${messages}\r\n${SPAM}`)).toMatchObject({ subject: 'hello', limit: 'lines' });
  });

  test('a part after a cut one', async () => {
    const content = await parse(multipart(`--b\r\n\r\n${'ab\r\n'.repeat(30_000)}--b\r\n\r\n${SPAM}\r\n--b--\r\n`));
    expect(content.plain).toContain(SPAM);
    expect(content.limit).toBe('lines');
  });

  test('a part after a large attachment, which is no limit', async () => {
    const attachment = `--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n${`${'A'.repeat(76)}\r\n`.repeat(100_000)}`;
    const content = await parse(multipart(`${attachment}--b\r\n\r\n${SPAM}\r\n--b--\r\n`));
    expect(content.plain.trim()).toBe(SPAM);
    expect(content.limit).toBeUndefined();
  });

  test('lines before the deadline', async () => {
    const message = `Subject: hello\r\n\r\n${SPAM}\r\n${'ab\r\n'.repeat(10_000)}`;
    const content = await parseMime(Buffer.from(message), 0);
    expect(content).toMatchObject({ subject: 'hello', limit: 'time', plain: expect.stringContaining(SPAM) });
  });
});

test('messages that are parsed at the same time have limits of their own', async () => {
  const [large, small] = await Promise.all([parse(nestedParts(300)), parse('Subject: a\r\n\r\nb\r\n')]);
  expect([large!.limit, small!.limit]).toEqual(['depth', undefined]);
});
