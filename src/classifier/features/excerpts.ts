/** A part of a document to learn from. */
export interface Excerpt {
  readonly text: string;
  /** The weight in a fit. That of a document is 1. */
  readonly weight: number;
}

const WEIGHT = 0.1;
const DISGUISED_WEIGHT = 0.01;
const MIN_LENGTH = 4;
const MAX_LENGTH = 160;
/** An excerpt is shorter than this share of its document. */
const MAX_SHARE = 0.7;
/** The ends of lines and sentences. */
const PASSAGE_END = /[\n\r.!?\u3002\uff01\uff1f]+\s*/;
/** The digits that look like the letters a, e, i, o, s and t. */
const DIGITS = '431057';
const DISGUISED_SHARE = 0.5;
/** The length within which a cut moves on to the next blank. */
const MAX_WORD_REST = 20;

/**
 * Returns up to four excerpts of a document: its first words, and words of one line or sentence, and two more with digits
 * for some letters. Their lengths spread evenly on a logarithmic scale. They teach a model what little text looks like, how
 * much it means, and that "m0n3y" means what "money" does.
 */
export function takeExcerpts(text: string, random: () => number): Excerpt[] {
  const whole = text.trim();
  const passages = whole.split(PASSAGE_END).filter((passage) => passage.trim() !== '');
  const takeTwo = () => {
    const passage = passages[Math.floor(random() * passages.length)] ?? '';
    return [cut(whole, randomLength(random)), cut(passage.trim(), randomLength(random) * 2)];
  };
  const excerpts = [
    ...takeTwo().map((excerpt) => ({ text: excerpt, weight: WEIGHT })),
    ...takeTwo().map((excerpt) => ({ text: disguise(excerpt, random), weight: DISGUISED_WEIGHT })),
  ];
  const known = new Set(['']);
  return excerpts.filter((excerpt) => {
    if (known.has(excerpt.text) || excerpt.text.length > MAX_SHARE * whole.length) return false;
    known.add(excerpt.text);
    return true;
  });
}

function randomLength(random: () => number): number {
  return Math.round(MIN_LENGTH * (MAX_LENGTH / MIN_LENGTH) ** random());
}

/** Replaces some letters of a text by digits that look like them. */
function disguise(text: string, random: () => number): string {
  return text.replace(/[aeiost]/gi, (letter) =>
    random() < DISGUISED_SHARE ? DIGITS['aeiost'.indexOf(letter.toLowerCase())]! : letter,
  );
}

/** Returns the first characters of a text, up to the end of a word. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  // The end of the text is a gap too.
  const blank = `${text} `.slice(length, length + MAX_WORD_REST).search(/\s/);
  const end = blank >= 0 ? length + blank : length;
  return text.slice(0, end).toWellFormed();
}
