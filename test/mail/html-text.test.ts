import { describe, expect, test } from 'vitest';
import { htmlToText, readHtml } from '../../src/mail/html-text.ts';

test.each([
  ['tags are removed, blocks separate lines', '<p>one <b>two</b></p><div>three</div>', 'one two\nthree'],
  ['line breaks and rules separate lines', 'one<br>two<hr>three</br>four', 'one\ntwo\nthree\nfour'],
  ['white space collapses', ' one \r\n\t two&nbsp;&nbsp;three<b> </b> four', 'one two three four'],
  ['scripts, styles and comments are removed', 'a<script>x < y</script>b<style>p {}</style>c<!-- d -->', 'abc'],
  ['comments inside words join them again', 'via<!-- x -->gra', 'viagra'],
  ['entities are decoded', '&lt;b&gt; &amp; &#65;&#x42; &copy; &nosuch;', '<b> & AB © &nosuch;'],
  ['every named entity is known', '&euro;5&hellip; &eacute;t&eacute; &NotEqualTilde; caf&eacute', '€5… été ≂̸ café'],
  ['impossible characters become blanks', 'a&#0;b&#9999999;c', 'a b c'],
  ['text that only looks like a tag stays', '1 < 2 and 3 > 2', '1 < 2 and 3 > 2'],
  ['an unclosed script takes the rest', 'a<script>b', 'a'],
  ['attributes may contain ">"', '<img alt="a > b">c<a title=">">d</a>', 'cd'],
  ['a name of an object property is a name of an element', '<constructor hidden>x</constructor>a', 'a'],
])('%s', (_, html, text) => {
  expect(htmlToText(html)).toBe(text);
});

describe('hidden text is removed:', () => {
  test.each([
    ['attribute hidden', '<div hidden>x</div>a<p hidden="until-found">x</p>'],
    ['display: none', '<div style="display:none">x<b style="display:block">x</b></div>a'],
    ['display: none, written in another way', '<div style=" Display : NONE ! important ; display:block">x</div>a'],
    ['visibility: hidden', '<span style="color:red;visibility:hidden">x</span>a<i style="visibility: collapse">x</i>'],
    ['font-size: 0', '<font style="font-size:0px">x</font>a<b style="font-size: 0.0em">x</b>'],
    [
      'a size relative to 0',
      '<div style="font-size:0"><b style="font-size:200%">x<i style="font-size:larger">x</i></b></div>a',
    ],
    [
      'script, style, template, noscript',
      '<script>x</script><style>x</style><template>x<b>x</b></template><noscript>x</noscript>a',
    ],
    ['the head', '<html><head><title>x</title><style>x</style><noscript>x</noscript></head><body>a</body></html>'],
    ['fallbacks that a browser does not show', '<iframe>x</iframe>a<noembed><p>x</noembed><noframes>x</noframes>'],
    ['no opacity', '<div style="opacity:0.0">x</div>a'],
    ['no height', '<div style="max-height:0px;overflow:hidden">x</div>a'],
    ['a font shorthand of size 0', '<span style="font: bold 0px/1 Arial">x</span>a'],
    ['a comment in the style', '<div style="display:/* block */none">x</div>a'],
    ['white on white', '<font color="white">x</font>a<p style="color:#FFF">x</p>'],
    ['a colour on itself', '<div style="background:#123456"><b style="color:rgb(18, 52, 86)">x</b></div>a'],
    ['nearly a colour on itself', '<td bgcolor="#fefefe"><span style="color:#fdfdfd">x</span></td>a'],
    ['no colour', '<p style="color:transparent">x</p>a<p style="color:rgba(0, 0, 0, 0)">x</p>'],
    ['nested elements', '<div style="display:none"><div><table><tr><td>x</td></tr></table>x</div>x</div>a'],
    [
      'the preview text of a newsletter',
      '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">x</div><p>a</p>',
    ],
  ])('%s', (_, html) => {
    expect(htmlToText(html)).toBe('a');
  });

  test('it does not separate words', () => {
    expect(htmlToText('V<span style="font-size:0">x</span>ia<div hidden>x</div>gra')).toBe('Viagra');
  });
});

describe('visible text stays:', () => {
  test.each([
    ['a size of its own below font-size: 0', '<td style="font-size:0px"><div style="font-size:13px">a</div>'],
    ['visible again below visibility: hidden', '<p style="visibility:hidden">x<b style="visibility:visible">a</b>'],
    ['an explicit display overrides hidden', '<div hidden style="display:block">a</div>'],
    ['the last declaration counts', '<div style="display:none;display:inline;font-size:0;font-size:1px">a</div>'],
    [
      'other properties and values',
      '<p style="xdisplay:none;display:nones;font-size:10px;visibility:visible;:;none">a</p>',
    ],
    ['white on a colour', '<td bgcolor="navy"><font color="white">a</font></td>'],
    ['white on a picture', '<td background="x.png"><font color="white">a</font></td>'],
    ['white on a gradient', '<div style="background:linear-gradient(red, blue)"><b style="color:#fff">a</b></div>'],
    ['white where a style sheet may set the background', '<div class="dark"><b style="color:#fff">a</b></div>'],
    [
      'a colour through which the background shows',
      '<p style="background:black"><b style="background:transparent;color:white">a</b></p>',
    ],
    ['text directly in the head', '<html><head>a</head></html>'],
    ['after the end of a hidden element', '<div hidden>x</div>a'],
    ['after a hidden element without end tag, at the end of its parent', '<div><span hidden>x</div>a'],
    ['after a hidden element without end tag, at a start tag that ends it', '<p hidden>x<p>a'],
    ['a list item after a hidden one', '<ul><li hidden>x<ol><li>x</ol><li>a</ul>'],
    ['a table cell after a hidden one', '<table><tr><td hidden>x<table><tr><td>x</table><td>a</table>'],
    ['a table row after a hidden one', '<table><tr hidden><td>x<tr><td>a</table>'],
    ['after a hidden void element', '<img hidden><input type=hidden hidden value=x>a'],
  ])('%s', (_, html) => {
    expect(htmlToText(html)).toBe('a');
  });
});

describe('the hidden share', () => {
  test.each([
    ['of visible text is 0', '<p>abcd</p><script>xxxx</script><style>xxxx</style><title>xxxx</title>', 0],
    ['counts hidden characters, without white space', '<p>abc</p> <p hidden> x </p>', 0.25],
    ['counts template and noscript', '<template>xx</template><noscript>x</noscript>a', 0.75],
    ['of no text is 0', '', 0],
  ])('%s', (_, html, share) => {
    expect(readHtml(html).hiddenShare).toBe(share);
  });
});

describe('the reading stops', () => {
  test('after enough characters', () => {
    const { text, isComplete } = readHtml('<p>a</p>'.repeat(100_000), { maxCharacters: 10 });
    expect(isComplete).toBe(false);
    expect(text.length).toBeGreaterThan(10);
    expect(text.length).toBeLessThan(20_000);
  });

  test('at the deadline, with the text so far', () => {
    const { text, isComplete } = readHtml(`<p>start</p>${'<b> </b>'.repeat(20_000)}end`, { deadline: 0 });
    expect([text, isComplete]).toEqual(['start', false]);
  });

  test('nowhere within a tag or a word that spans two chunks', () => {
    const filler = 'a'.repeat(65_530);
    expect(htmlToText(`${filler}<p style="display:none">x</p>b`) === `${filler}b`).toBe(true);
  });
});

describe('hostile input takes time linear in its length:', () => {
  const MEGABYTE = 2 ** 20;
  test.each([
    '<script',
    '<!--',
    '<',
    '<p ',
    '<p <br',
    '&#',
    '\r',
    '\f \t',
    '</script ',
    '> <p ',
    '\n',
    '<div>',
    '<b>',
    '<p>',
    '<li>',
    '<table><td>',
    '<svg>',
    '<b> </b> ',
    '<p hidden>',
    '<p style="display:none">',
    '&copy',
    '<template>',
    '</p>',
  ])('1 MB of %j', (piece) => {
    // Some 200 ms. With quadratic time this would take minutes and exceed the time limit of the test.
    expect(htmlToText(piece.repeat(MEGABYTE / piece.length)).length).toBeLessThanOrEqual(MEGABYTE);
  });

  test.each([
    ['deep elements, and end tags that match none', '<div>'.repeat(MEGABYTE / 10) + '</p></x>'.repeat(MEGABYTE / 16)],
    [
      'deep elements, and end tags of the outermost',
      `<i>${'<b>'.repeat(MEGABYTE / 6)}${'</i><i>'.repeat(MEGABYTE / 14)}`,
    ],
    ['many formatting elements, and many paragraphs', '<b id=1>'.repeat(MEGABYTE / 16) + '<p>x'.repeat(MEGABYTE / 8)],
    ['many attributes', `<p ${Array.from({ length: MEGABYTE / 8 }, (_, i) => `a${i}`).join(' ')}>`],
    ['many declarations', `<p style="${'font-size:0;'.repeat(MEGABYTE / 12)}">`],
    ['comments without end in a style', `<p style="${'/*'.repeat(MEGABYTE / 2)}">`],
    ['a long colour', `<p style="color:rgb(${'1'.repeat(MEGABYTE)}">x`],
    ['a long font', `<p style="font:${'1'.repeat(MEGABYTE)}x">x`],
    ['a long value', `<p style="font-size:1${' '.repeat(MEGABYTE)}x">`],
  ])('%s', (_, html) => {
    htmlToText(html);
  });

  test('deep elements are read to the end', () => {
    const depth = MEGABYTE / 5;
    expect(htmlToText(`${'<div>'.repeat(depth)}a${'</div>'.repeat(depth)}b`)).toBe('a\nb');
  });
});
