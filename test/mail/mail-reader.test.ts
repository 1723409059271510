import { readFile } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createMailReader, type MailReaderOptions } from '../../src/mail/mail-reader.ts';
import { mailToText, readMailTexts, textsToClassify } from '../../src/mail/mail-text.ts';

const stuckThread = new URL('./stuck-thread.ts', import.meta.url);
const mail = (subject: string, body = 'a body') => Buffer.from(`Subject: ${subject}\r\n\r\n${body}\r\n`);

function reader(options: Partial<MailReaderOptions> = {}) {
  const created = createMailReader({ timeoutMs: 5_000, maxCharacters: 1_000, ...options });
  onTestFinished(() => created.close());
  return created;
}

test('a thread reads what the parser reads', async () => {
  const raw = await readFile('test/fixtures/mail/spam-00011-spam-1.eml');
  const texts = await reader().read(raw);
  expect(texts).toEqual(await readMailTexts(raw, { deadline: Number.POSITIVE_INFINITY, maxCharacters: 1_000 }));
  expect(textsToClassify(texts, 1_000)[0]).toBe((await mailToText(raw)).slice(0, 1_000));
});

describe('a mail that brings its thread down is judged by what was read, and the next mail is read:', () => {
  test.each([
    ['stuck', 'time', 300],
    ['crash', 'broken', 5_000],
    ['memory', 'memory', 15_000],
  ])('%s', async (fault, limit, timeoutMs) => {
    const { read } = reader({ thread: stuckThread, threads: 1, timeoutMs });
    expect(await read(mail('=?utf-8?q?gr=C3=BC=C3=9Fe?=', fault))).toEqual({
      subject: 'grüße',
      plain: '',
      html: '',
      hiddenShare: 0,
      limit,
    });
    expect(await read(mail('next'))).toMatchObject({ subject: 'next', plain: 'a body\n', limit: undefined });
  });

  test('also by its plain text', async () => {
    const { read } = reader({ thread: stuckThread, threads: 1, timeoutMs: 3_000 });
    expect(await read(mail('hello', 'partly stuck'))).toMatchObject({ plain: 'partly stuck\n', limit: 'time' });
  });
});

test('a stuck thread delays no other mail, and a mail that waits for too long is judged by its subject', async () => {
  const { read } = reader({ thread: stuckThread, threads: 2, timeoutMs: 2_000 });
  const stuck = read(mail('one', 'stuck'));
  expect(await read(mail('two'))).toMatchObject({ plain: 'a body\n' });
  const [, second, third] = await Promise.all([stuck, read(mail('three', 'stuck')), read(mail('four', 'stuck'))]);
  expect([second!.subject, third!.subject]).toEqual(['three', 'four']);
});

test('a closed reader returns subjects', async () => {
  const { read, close } = reader({ thread: stuckThread, threads: 1 });
  const reading = read(mail('one', 'stuck'));
  await close();
  expect(await reading).toMatchObject({ subject: 'one', limit: 'queue' });
  expect(await read(mail('two'))).toMatchObject({ subject: 'two', limit: 'queue' });
});
