import { expect, test } from 'vitest';
import { mailToText } from '../../src/mail/mail-text.ts';

const mail = (...lines: string[]) => Buffer.from(lines.join('\n'), 'latin1');

test('the text is the decoded subject and body only', async () => {
  const raw = mail(
    'From ilug@linux.ie  Thu Aug 22 13:27:39 2002',
    'From: someone@example.org',
    'Subject: =?iso-8859-1?Q?Gr=FC=DFe?=',
    'Content-Type: text/plain; charset=iso-8859-1',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    'Caf=E9 to=',
    'day',
  );
  expect(await mailToText(raw)).toBe('Grüße\nCafé today');
});

test('base64 and 8-bit charsets are decoded', async () => {
  const base64 = mail('Subject: x', 'Content-Transfer-Encoding: base64', '', Buffer.from('hello').toString('base64'));
  expect(await mailToText(base64)).toBe('x\nhello');
  const latin = mail('Subject: x', 'Content-Type: text/plain; charset=iso-8859-1', '', 'na\xefve');
  expect(await mailToText(latin)).toBe('x\nnaïve');
});

test('an HTML mail without a plain part becomes text', async () => {
  const raw = mail('Subject: x', 'Content-Type: text/html', '', '<p>Buy&nbsp;<b>now</b></p>');
  expect(await mailToText(raw)).toBe('x\nBuy now');
});

test('of two alternatives the plain text is used', async () => {
  const part = (type: string, body: string) => ['--b', `Content-Type: ${type}`, '', body];
  const raw = mail(
    'Subject: x',
    'Content-Type: multipart/alternative; boundary=b',
    '',
    ...part('text/plain', 'plain'),
    ...part('text/html', '<p>rich</p>'),
    '--b--',
  );
  expect(await mailToText(raw)).toBe('x\nplain');
});
