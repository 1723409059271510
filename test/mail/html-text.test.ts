import { expect, test } from 'vitest';
import { htmlToText } from '../../src/mail/html-text.ts';

test.each([
  ['tags go, blocks part lines', '<p>one <b>two</b></p><div>three</div>', 'one two\nthree'],
  ['scripts, styles and comments go', 'a<script>x < y</script>b<style>p {}</style>c<!-- d -->', 'a b c'],
  ['comments inside words join them again', 'via<!-- x -->gra', 'viagra'],
  ['entities are decoded', '&lt;b&gt; &amp; &#65;&#x42; &copy; &nosuch;', '<b> & AB © &nosuch;'],
  ['impossible characters become blanks', 'a&#0;b&#9999999;c', 'a b c'],
  ['what is no tag stays', '1 < 2 and 3 > 2', '1 < 2 and 3 > 2'],
  ['an unclosed script takes the rest', 'a<script>b', 'a'],
])('%s', (_, html, text) => {
  expect(htmlToText(html)).toBe(text);
});

test('hostile markup takes no more time than its length', () => {
  // Some milliseconds each if so; if time grew with the square, the test's time limit would be passed by far.
  for (const piece of ['<script', '<!--', '<', '<p ', '<p <br', '&#', '\r', '\f \t', '</script ', '> <p ']) {
    htmlToText(piece.repeat(400_000));
  }
});
