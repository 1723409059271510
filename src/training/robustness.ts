import type { Manifest } from '../artefacts/manifest.ts';
import { createRandom } from '../classifier/learning/random.ts';
import type { Classifier } from '../classifier/scoring/classifier.ts';
import { hashString } from '../classifier/text/hashing.ts';
import { PERTURBATIONS } from './perturbations.ts';
import type { Example } from './read-examples.ts';

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
export function measureRobustness(classifier: Classifier, all: readonly Example[]): Robustness {
  const step = Math.max(1, all.length / MAX_TEXTS);
  const examples = Array.from({ length: Math.floor(all.length / step) }, (_, at) => all[Math.floor(at * step)]!);
  const labelOf = (text: string) => classifier.score(classifier.tokenize(text)).label;
  const labels = examples.map(({ text }) => labelOf(text));
  const wordsByLabel = collectOtherWords(examples);
  const perturbations = Object.entries(PERTURBATIONS).map(([name, perturb]) => {
    const random = createRandom(SEED ^ hashString(name));
    let correct = 0;
    let flipped = 0;
    examples.forEach(({ text, label }, at) => {
      const predicted = labelOf(perturb(text, random, wordsByLabel.get(label) ?? []));
      if (predicted === label) correct += 1;
      if (predicted !== labels[at]) flipped += 1;
    });
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
