import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { markText } from '../../src/console/pages/try/marked-text.ts';
import { mailText } from '../../src/console/pages/try/read-file.ts';

/** Returns the marked parts of a text. */
function marked(text: string, ...features: [feature: string, weight: number][]): [string, number][] {
  const parts = markText(
    text,
    features.map(([feature, weight]) => ({ feature, weight })),
  );
  expect(parts.map((part) => part.text).join('')).toBe(text);
  return parts.filter(({ weight }) => weight !== 0).map((part) => [part.text, part.weight]);
}

describe('the words that decided', () => {
  test('are found by their stems', () => {
    expect(marked('Congratulations, happy winners!', ['congratul', 2], ['happi', -1], ['winner', 0.5])).toEqual([
      ['Congratulations', 2],
      ['happy', -1],
      ['winners', 0.5],
    ]);
  });

  test('are found as runs of words, and their weights add up', () => {
    expect(marked('claim your prize', ['claim your', 1], ['your', 0.5])).toEqual([
      ['claim', 1],
      ['your', 1.5],
    ]);
  });

  test('are found by their parts, at their edge or inside', () => {
    expect(marked('the prize', ['[iz]', 1])).toEqual([['prize', 1]]);
    expect(marked('a prize', ['[ pr]', 1])).toEqual([['prize', 1]]);
  });

  test('are found as signs', () => {
    expect(marked('now!! $5', ['!', 1], ['$', 2])).toEqual([
      ['!!', 1],
      ['$', 2],
    ]);
  });

  test('are not words that only begin alike', () => {
    expect(marked('to together', ['to', 1])).toEqual([['to', 1]]);
  });
});

describe('a mail that is dropped', () => {
  const mail = (...lines: string[]) => mailText(new TextEncoder().encode(lines.join('\r\n')));

  test('is its subject and its body', () => {
    const text = mail(
      'Subject: =?utf-8?B?R3LDvMOfZQ==?=',
      'Content-Type: text/plain; charset=iso-8859-1',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      'Caf=E9 =',
      'au lait',
    );
    expect(text).toBe('Grüße\n\nCafé au lait');
  });

  test('has its plain alternative, or the text of its HTML', () => {
    const head = ['Subject: Hi', 'Content-Type: multipart/alternative; boundary="b"', ''];
    const html = [
      '--b',
      'Content-Type: text/html',
      '',
      '<p>One &amp; two</p><style>p { color: red }</style><p>three</p>',
    ];
    expect(mail(...head, '--b', '', 'plain text', ...html, '--b--')).toBe('Hi\n\nplain text');
    expect(mail(...head, ...html, '--b--')).toBe('Hi\n\nOne & two\nthree');
  });

  test('of the test data has its words', async () => {
    const bytes = await readFile(new URL('../fixtures/mail/ham-00007-easy-ham-1.eml', import.meta.url));
    expect(mailText(bytes).length).toBeGreaterThan(100);
  });
});
