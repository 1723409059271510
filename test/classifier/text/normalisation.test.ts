import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normaliseText } from '../../../src/classifier/text/normalisation.ts';
import { TOKENIZER_NAMES, type TokenizerName } from '../../../src/classifier/text/text-options.ts';
import { createTokenBuffer } from '../../../src/classifier/text/token-buffer.ts';
import { createTokenizer } from '../../../src/classifier/tokenizers/tokenizers.ts';

const buffer = createTokenBuffer();
const tokenizers = new Map(TOKENIZER_NAMES.map((name) => [name, createTokenizer(name, 'nfkc')]));

function read(text: string, name: TokenizerName = 'unicode') {
  tokenizers.get(name)!(text, buffer);
  const tokens = Array.from({ length: buffer.count }, (_, at) =>
    String.fromCharCode(...buffer.units.subarray(buffer.starts[at], buffer.ends[at])),
  );
  return { tokens, isObfuscated: buffer.isObfuscated };
}

const tokensOf = (text: string, name?: TokenizerName) => read(text, name).tokens;

const codeOf = (character: string) => character.codePointAt(0)!.toString(16);

const INVISIBLE = [
  ...'\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2063\ufeff\u00ad\u034f\u061c\u115f\u1160\u17b4\u180b\u180e\u3164\uffa0\ufe00\ufe0f',
  ...'\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u{e0041}\u{e0100}',
];

describe('texts that look the same have the same tokens', () => {
  test.each([
    ['decomposed', 'crème délicieuse', 'cre\u0300me de\u0301licieuse'],
    ['upper case with a dot', 'istanbul indirim', 'İSTANBUL İNDİRİM'],
    ['upper case without a dot', 'ısı', 'ISI'],
    ['sharp s', 'Straße GROẞ', 'STRASSE gross'],
    ['long s and ligatures', 'Miſſion ﬁle ﬄ', 'Mission file ffl'],
    ['final sigma', 'ὀδυσσεύς', 'ὈΔΥΣΣΕΎΣ'],
    ['iota subscript', 'ᾳ ῷ', 'ΑΙ Ω\u0342Ι'],
    ['full width', 'Free ｍｏｎｅｙ！', 'ＦＲＥＥ ｍｏｎｅｙ!'],
    ['half width', 'カタカナ ガ', 'ｶﾀｶﾅ ｶﾞ'],
    ['mathematical letters', 'free money', '𝐟𝐫𝐞𝐞 𝓂ℴ𝓃ℯ𝓎'],
    ['decomposed Hangul', '한국어', '한국어'.normalize('NFD')],
    ['Thai vowels', 'น้ำ ทำ', 'น้ำ ทำ'.normalize('NFKD')],
    ['punctuation', `"don't" - yes...`, '“don’t” – yes…'],
    ['Armenian', 'և', 'ԵՒ'],
    ['Vietnamese', 'Tiếng Việt được giảm giá', 'Tiếng Việt được giảm giá'.normalize('NFD')],
    ['marks in another order', 'e\u0323\u0302', 'e\u0302\u0323'],
    ['iota subscript before an accent', 'α\u0301\u0345', 'α\u0345\u0301'],
    ['Russian', 'ёлка и мой чай', 'ёлка и мой чай'.normalize('NFD')],
    ['Arabic', 'آسيا أهلاً', 'آسيا أهلاً'.normalize('NFD')],
    ['Hindi', 'ज़रूरी हिन्दी', 'ज\u093cरूरी हिन्दी'],
    ['Bengali', 'কোথায় বাংলা', 'কোথায় বাংলা'.normalize('NFD')],
    ['Japanese', 'がぎ パピプ', 'がぎ パピプ'.normalize('NFD')],
    ['a dot on i', 'i\u0301', 'i\u0307\u0301'],
    ['an invisible joiner before a mark', 'é', 'e\u034f\u0301'],
  ])('%s', (_, one, other) => {
    expect(tokensOf(other)).toEqual(tokensOf(one));
  });

  test.each(INVISIBLE.map((character) => [codeOf(character), character]))('with U+%s in every word', (_, character) => {
    const plain = 'Congratulations, you won free money';
    const hidden = plain.replace(/\w(?=\w)/g, `$&${character}`);
    expect(read(hidden)).toEqual({ tokens: tokensOf(plain), isObfuscated: true });
  });

  test.each([
    ['viagra', 'vi\u0430gra'],
    ['Paypal account', 'Р\u0430yр\u0430l \u0430ccount'],
    ['a pop song', '\u0430 \u0440\u043e\u0440 song'],
    ['money', 'm\u03bfney'],
    ['BUY NOW', '\u0412UY N\u041eW'],
    ['crème', 'cr\u0435\u0300me'],
    ['привет мир', 'при\u0432\u0065т мир'],
    ['click', '\u0441lick'],
  ])('%s with letters of another script', (plain, disguised) => {
    expect(read(disguised)).toEqual({ tokens: tokensOf(plain), isObfuscated: true });
  });
});

describe('nothing is hidden in', () => {
  test.each([
    ['Russian', 'он сор тот привет', ['он', 'сор', 'тот', 'привет']],
    ['Russian with Latin words', 'сор из iPhone и USB-кабель', ['сор', 'из', 'iphone', 'и', 'usb', '-', 'кабель']],
    ['Greek names in formulas', 'TNFα of 5μm, α particle', ['tnfα', 'of', '5μm', ',', 'α', 'particle']],
    ['Persian with joiners', 'می\u200cخواهم', ['میخواهم']],
    ['emoji with selectors', 'love ❤️ 👨‍👩‍👧 🏳️‍🌈', ['love', '❤', '👨', '👩', '👧', '🏳', '🌈']],
    ['the flag of England', 'go 🏴󠁧󠁢󠁥󠁮󠁧󠁿', ['go', '🏴']],
    ['a byte order mark', '\ufeffhello', ['hello']],
    ['soft hyphens', 'Donau\u00addampf\u00adschiff', ['donaudampfschiff']],
    ['marks around a word', '\u200ehello\u200f world', ['hello', 'world']],
    ['Khmer with breaks', 'ខ្មែរ\u200bភាសា', ['ខ្មែរភាសា']],
    ['mixed letters that cannot be folded', 'жlub', ['жlub']],
  ])('%s', (_, text, tokens) => {
    expect(read(text)).toEqual({ tokens, isObfuscated: false });
  });

  test('a text in ASCII or Latin-1', () => {
    const text = 'Hello, naïve café! 5 × 3';
    expect(normaliseText(text)).toEqual({ text: text.toLowerCase(), isObfuscated: false });
  });
});

test('each character has one normal form and the same tokens in all normal forms and cases', () => {
  const read = (text: string) => `${normaliseText(text).text} ${tokensOf(text).join(' ')}`;
  for (let unit = 0x80; unit < 0x10000; unit += 1) {
    // Ideographs and syllables of Hangul are alike.
    if (unit === 0x3500) unit = 0xa000;
    if (unit === 0xad00) unit = 0xd700;
    if (unit === 0xd800) unit = 0xe000;
    const text = `a${String.fromCharCode(unit)}b`;
    const variants = ['NFC', 'NFD', 'NFKC', 'NFKD'].map((form) => text.normalize(form));
    if (!variants[1]!.includes('\u0345')) variants.push(text.toUpperCase(), text.toLowerCase());
    const expected = read(text);
    const other = variants.find((variant) => variant !== text && read(variant) !== expected);
    if (other !== undefined) expect(Array.from(other, codeOf)).toEqual(Array.from(text, codeOf));
  }
});

test('marks keep the order of the normal form, whatever stands before them', () => {
  const characters = Array.from({ length: 0x3100 }, (_, unit) => String.fromCharCode(unit));
  const marks = characters.filter((character) => /\p{M}/u.test(character));
  for (const [at, mark] of marks.entries()) {
    for (const step of [0, 1, 7, 61, 331]) {
      const second = marks[(at + step) % marks.length]!;
      for (const letter of ['a', 'ế', 'и', '\u05d0', '\u0915', '\u0e01', '\u09c7', '=', 'か']) {
        const text = letter + mark + second;
        const expected = tokensOf(text).join(' ');
        const forms = [text.normalize('NFD'), text.normalize('NFC')];
        const other = forms.find((form) => tokensOf(form).join(' ') !== expected);
        if (other !== undefined) expect(Array.from(other, codeOf)).toEqual(Array.from(text, codeOf));
      }
    }
  }
});

test('half of a surrogate pair is a blank, and the letter after it keeps its normal form', () => {
  for (const half of ['\ud83d', '\ud880', '\udc00'])
    expect(normaliseText(`№ ${half}Α`)).toEqual({ text: 'no  α', isObfuscated: false });
});

test.each([
  ['two of a kind', 'vi\u200b\u200bagra'],
  ['many of several kinds', `vi${'\u200b\u2060\u00ad'.repeat(40)}agra`],
  ['some and a tag', 'vi\u200b\u{e0041}agra'],
  ['two within a word with an accent', 'ví\u200b\u200bagrå'],
  ['two, and half of a surrogate pair before', '\ud83d vi\u200b\u200bagra'],
])('invisible characters in a row hide letters as one does: %s', (_, text) => {
  expect(normaliseText(text).isObfuscated).toBe(true);
  expect(read(text).isObfuscated).toBe(true);
});

test('an accent by itself is no word', () => {
  expect(tokensOf('don´t \u0301 x')).toEqual(['don', 't', 'x']);
});

const anyText = fc.string({ unit: 'binary', maxLength: 40 });
/** Letters of many scripts, marks, ligatures and invisible characters, close together. */
const trickyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...'aeioIJſßẞİıςσΣᾳᾴῷΰŉǰﬁﬃÅK½²™…ﷺｶﾞ한ᄒ\u1161\u11abนำ\u0e49\u0e4d\u0e32кьеАВСοαΝ_0 .´\u0301\u0307\u0323\u0338\u09be\u0bc6\u0bbe\u094d\ufffdがゃ\u3099क\u093cก\u0e38\u0e48أ\u064b\u0651א\u05b0\u05bcই\u09c7\u09d7ё',
      ),
      fc.constantFrom(...INVISIBLE),
      fc.constantFrom('𝐀', '🅰', '😀', '🏴', '\u{10400}', '\u{1d165}', '\ud800', '\udc00'),
    ),
    { maxLength: 12 },
  )
  .map((characters) => characters.join(''));
const text = fc.oneof(anyText, trickyText);

describe('for any string', () => {
  test.each(TOKENIZER_NAMES)('%s finds the same tokens in all normal forms', (name) => {
    fc.assert(
      fc.property(text, fc.constantFrom('NFC', 'NFD', 'NFKC', 'NFKD'), (original, form) => {
        expect(tokensOf(original.normalize(form), name)).toEqual(tokensOf(original, name));
      }),
    );
  });

  test('the tokens do not depend on case', () => {
    fc.assert(
      fc.property(text, (original) => {
        // The upper case of the iota subscript is a letter, which stands before or after other accents by their order.
        fc.pre(!original.normalize('NFD').includes('\u0345'));
        const tokens = tokensOf(original.normalize('NFC'));
        expect(tokensOf(original.normalize('NFC').toUpperCase())).toEqual(tokens);
        expect(tokensOf(original.normalize('NFC').toLowerCase())).toEqual(tokens);
      }),
    );
  });

  test('invisible characters change no token', () => {
    fc.assert(
      fc.property(text, fc.constantFrom(...INVISIBLE), fc.nat(), (original, invisible, position) => {
        const characters = Array.from(original.toWellFormed());
        characters.splice(position % (characters.length + 1), 0, invisible);
        expect(tokensOf(characters.join(''))).toEqual(tokensOf(original));
      }),
    );
  });

  test('the normal form is its own normal form, and has the same tokens', () => {
    fc.assert(
      fc.property(text, (original) => {
        const normalised = normaliseText(original).text;
        expect(normaliseText(normalised).text).toBe(normalised);
        expect(tokensOf(normalised)).toEqual(tokensOf(original));
      }),
    );
  });
});
