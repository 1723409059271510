import type { Manifest } from '../artefacts/manifest.ts';
import { createRandom } from '../classifier/learning/random.ts';
import { hashString } from '../classifier/text/hashing.ts';
import { answerAll } from '../runtimes/answer-all.ts';
import type { ModelClassifier } from '../runtimes/runtime.ts';
import { labelOf } from './other-version.ts';
import type { Example } from './read-examples.ts';

/** A change of a text after which a reader still sees its label. */
export type Perturbation = (text: string, random: () => number, otherWords: readonly string[]) => string;

const TYPO_SHARE = 0.05;
/** The share of letters that leetspeak, invisible characters and look-alikes change. */
const DISGUISE_SHARE = 0.3;
const BLANK_SHARE = 0.3;
const ADDED_WORDS = 10;

const LEET: Readonly<Record<string, string>> = { a: '4', e: '3', i: '1', o: '0', s: '5', t: '7' };
const LOOKALIKES: Readonly<Record<string, string>> = {
  a: '\u0430',
  c: '\u0441',
  e: '\u0435',
  i: '\u0456',
  o: '\u043e',
  p: '\u0440',
  x: '\u0445',
  y: '\u0443',
};
const PUNCTUATION: Readonly<Record<string, string>> = {
  ',': '\uff0c',
  '.': '\u3002',
  '!': '\uff01',
  '?': '\uff1f',
  ':': '\uff1a',
  ';': '\uff1b',
  "'": '\u2019',
  '"': '\u201d',
  '-': '\u2013',
};
const INVISIBLE = ['\u200b', '\u200c', '\u2060', '\u00ad', '\ufe0f'];
const BLANKS = ['  ', '\t', '\n', '\u00a0', ' \n '];

/** The perturbations of `npm run evaluate -- --robust`, in the order of the report. */
export const PERTURBATIONS: Readonly<Record<string, Perturbation>> = {
  typos: (text, random) =>
    text.replace(/[a-z]/gi, (letter) => (random() < TYPO_SHARE ? misspell(letter, random) : letter)),
  case: (text, random) => {
    const kind = pick(['upper', 'lower', 'alternating'], random);
    if (kind === 'upper') return text.toUpperCase();
    if (kind === 'lower') return text.toLowerCase();
    return text.replace(/./gsu, (character, at: number) =>
      at % 2 === 0 ? character.toUpperCase() : character.toLowerCase(),
    );
  },
  spacing: (text, random) => text.replace(/ /g, (blank) => (random() < BLANK_SHARE ? pick(BLANKS, random) : blank)),
  leetspeak: (text, random) => disguise(text, LEET, random),
  'zero width': (text, random) =>
    text.replace(/\p{L}(?=\p{L})/gu, (letter) =>
      random() < DISGUISE_SHARE ? letter + pick(INVISIBLE, random) : letter,
    ),
  confusables: (text, random) => disguise(text, LOOKALIKES, random),
  'added words': (text, random, otherWords) =>
    otherWords.length === 0
      ? text
      : `${text} ${Array.from({ length: ADDED_WORDS }, () => pick(otherWords, random)).join(' ')}`,
  cut: (text) => {
    const words = text.trim().split(/\s+/);
    return words.slice(0, Math.ceil(words.length / 2)).join(' ');
  },
  doubled: (text) => `${text}\n${text}`,
  punctuation: (text) => text.replace(/[,.!?:;'"-]/g, (sign) => PUNCTUATION[sign]!),
};

function misspell(letter: string, random: () => number): string {
  const other = String.fromCharCode(0x61 + Math.floor(random() * 26));
  return pick(['', letter + letter, other, other + letter], random);
}

function disguise(text: string, letters: Readonly<Record<string, string>>, random: () => number): string {
  return text.replace(/[a-z]/gi, (letter) => {
    const replacement = letters[letter.toLowerCase()];
    return replacement !== undefined && random() < DISGUISE_SHARE ? replacement : letter;
  });
}

function pick<T>(values: readonly T[], random: () => number): T {
  return values[Math.floor(random() * values.length)]!;
}

/** The accuracy on changed texts. */
export type Robustness = NonNullable<Manifest['robustness']>;

const SEED = 1;
/** The maximum number of texts. Of more texts it is an even sample. */
const MAX_TEXTS = 2_000;
/** The number of texts of other labels from which words are added. */
const MAX_WORD_SOURCES = 200;

/**
 * Measures how a classifier copes with changed texts: its accuracy, and the share of texts whose label changes. The changes
 * are seeded, so that the same model and texts give the same figures.
 */
export async function measureRobustness(classifier: ModelClassifier, all: readonly Example[]): Promise<Robustness> {
  const step = Math.max(1, all.length / MAX_TEXTS);
  const examples = Array.from({ length: Math.floor(all.length / step) }, (_, at) => all[Math.floor(at * step)]!);
  const wordsByLabel = collectOtherWords(examples);
  const changes = Object.entries(PERTURBATIONS).map(([name, perturb]) => {
    const random = createRandom(SEED ^ hashString(name));
    return { name, texts: examples.map(({ text, label }) => perturb(text, random, wordsByLabel.get(label) ?? [])) };
  });
  const originals = examples.map(({ text }) => text);
  const answers = await answerAll(classifier, [...originals, ...changes.flatMap(({ texts }) => texts)]);
  const labels = originals.map((text) => labelOf(answers, text));
  const perturbations = changes.map(({ name, texts }) => {
    let correct = 0;
    let flipped = 0;
    for (const [at, { label }] of examples.entries()) {
      const predicted = labelOf(answers, texts[at]!);
      if (predicted === label) correct += 1;
      if (predicted !== labels[at]) flipped += 1;
    }
    return { name, accuracy: correct / examples.length, flipRate: flipped / examples.length };
  });
  return { count: examples.length, seed: SEED, perturbations };
}

/** Returns, for each label, words of texts with other labels. */
function collectOtherWords(examples: readonly Example[]): Map<string, string[]> {
  const labels = new Set(examples.map(({ label }) => label));
  return new Map(
    [...labels].map((label) => {
      const others = examples.filter((example) => example.label !== label).slice(0, MAX_WORD_SOURCES);
      return [label, others.flatMap(({ text }) => text.match(/\p{L}+/gu) ?? [])];
    }),
  );
}

/** Returns the lines of a table of the figures. */
export function robustnessTable({ count, perturbations }: Robustness): string[] {
  return [
    `changed texts (${count})    accuracy   flip rate`,
    ...perturbations.map(
      ({ name, accuracy, flipRate }) =>
        `  ${name.padEnd(20)}${accuracy.toFixed(4).padStart(10)}${flipRate.toFixed(4).padStart(12)}`,
    ),
  ];
}
