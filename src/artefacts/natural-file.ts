import { z } from 'zod';
import type { NaturalModel } from '../classifier/scoring/natural-model.ts';

/** The file is no classifier of natural's that can be compiled. */
export class NaturalFileError extends Error {
  override name = 'NaturalFileError';
}

/** A training document as natural keeps it: its stems. */
const documentSchema = z.object({ label: z.union([z.string(), z.number()]), text: z.array(z.string()) });

// Its counts are never used, and not always numbers: natural counts the word "constructor" onto a function.
const features = z.record(z.string(), z.unknown());
const shared = { features, keepStops: z.boolean().optional(), docs: z.array(documentSchema).default([]) };

const bayesSchema = z.object({
  ...shared,
  classifier: z.object({
    classFeatures: z.record(z.string(), z.record(z.string(), z.number())),
    classTotals: z.record(z.string(), z.number().positive()),
    totalExamples: z.number().positive(),
    smoothing: z.number().nonnegative(),
  }),
});

const logisticSchema = z.object({
  ...shared,
  classifier: z.object({
    classifications: z.array(z.union([z.string(), z.number()])),
    theta: z.array(z.object({ elements: z.array(z.number()) })),
  }),
});

/** A document that the model learned from, as the words that are left of it. */
export interface NaturalDocument {
  readonly text: string;
  readonly label: string;
}

/** Stands for the logarithm of 0, which natural takes where smoothing is 0: far below any sum, and still a number. */
const logOfZero = -1e6;

/**
 * Compiles what natural's `BayesClassifier.save` or `LogisticRegressionClassifier.save` wrote. The stemmer is not in such
 * a file: natural's default, Porter's, is taken.
 *
 * @param json the parsed file
 * @throws NaturalFileError where it is neither, or was never trained
 */
export function compileNatural(json: unknown): { model: NaturalModel; documents: NaturalDocument[] } {
  const bayes = bayesSchema.safeParse(json);
  if (bayes.success) return { model: checked(compileBayes(bayes.data)), documents: documentsOf(bayes.data) };
  const logistic = logisticSchema.safeParse(json);
  if (logistic.success)
    return { model: checked(compileLogistic(logistic.data)), documents: documentsOf(logistic.data) };
  throw new NaturalFileError(
    'this is not what natural writes when it saves a trained BayesClassifier or LogisticRegressionClassifier',
  );
}

function compileBayes({ features: counts, keepStops, classifier }: z.infer<typeof bayesSchema>): NaturalModel {
  const { classFeatures, classTotals, totalExamples, smoothing } = classifier;
  const vocabulary = Object.keys(counts);
  const labels = Object.keys(classFeatures);
  const weights = new Float64Array(vocabulary.length * labels.length);
  labels.forEach((label, column) => {
    const total = classTotals[label]!;
    vocabulary.forEach((_, feature) => {
      const count = classFeatures[label]![feature] || smoothing;
      weights[feature * labels.length + column] = count > 0 ? Math.log(count / total) : logOfZero;
    });
  });
  const prior = Float64Array.from(labels, (label) => classTotals[label]! / totalExamples);
  return { algorithm: 'natural-bayes', labels, keepStops: keepStops === true, vocabulary, weights, prior };
}

function compileLogistic({ features: counts, keepStops, classifier }: z.infer<typeof logisticSchema>): NaturalModel {
  const vocabulary = Object.keys(counts);
  const labels = classifier.classifications.map(String);
  const weights = new Float64Array(vocabulary.length * labels.length);
  if (classifier.theta.length !== labels.length) throw new NaturalFileError('it was saved before it was trained');
  classifier.theta.forEach(({ elements }, column) => {
    if (elements.length !== vocabulary.length) {
      throw new NaturalFileError('documents were added after its last training: train it again before saving it');
    }
    elements.forEach((weight, feature) => {
      weights[feature * labels.length + column] = weight;
    });
  });
  const prior = new Float64Array(labels.length).fill(1);
  return {
    algorithm: 'natural-logistic-regression',
    labels,
    keepStops: keepStops === true,
    vocabulary,
    weights,
    prior,
  };
}

function documentsOf({ docs }: { docs: z.infer<typeof documentSchema>[] }): NaturalDocument[] {
  return docs.map(({ label, text }) => ({ label: String(label), text: text.join(' ') }));
}

function checked(model: NaturalModel): NaturalModel {
  if (model.labels.length < 2) throw new NaturalFileError('it knows fewer than two labels');
  return model;
}
