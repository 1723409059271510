import { z } from 'zod';
import type { NaturalModel } from '../classifier/scoring/natural-model.ts';

/** A file that does not contain a trained classifier of natural. */
export class NaturalFileError extends Error {
  override name = 'NaturalFileError';
}

/** A training document as natural stores it: as stems. */
const documentSchema = z.object({ label: z.union([z.string(), z.number()]), text: z.array(z.string()) });

// The counts are not used. They are not always numbers: for the word "constructor" natural adds to a function.
const features = z.record(z.string(), z.unknown());
const sharedFields = { features, keepStops: z.boolean().optional(), docs: z.array(documentSchema).default([]) };

const bayesSchema = z.object({
  ...sharedFields,
  classifier: z.object({
    classFeatures: z.record(z.string(), z.record(z.string(), z.number())),
    classTotals: z.record(z.string(), z.number().positive()),
    totalExamples: z.number().positive(),
    smoothing: z.number().nonnegative(),
  }),
});

const logisticSchema = z.object({
  ...sharedFields,
  classifier: z.object({
    classifications: z.array(z.union([z.string(), z.number()])),
    theta: z.array(z.object({ elements: z.array(z.number()) })),
  }),
});

/** A training document, with the stems that natural stored as its text. */
export interface NaturalDocument {
  readonly text: string;
  readonly label: string;
}

/** A finite value for log 0, which natural computes if smoothing is 0. It is far below any sum of weights. */
const LOG_OF_ZERO = -1e6;

/**
 * Compiles a file of natural's `BayesClassifier.save` or `LogisticRegressionClassifier.save`. The file does not name its
 * stemmer, so natural's default is used, the Porter stemmer.
 *
 * @param json the parsed file
 * @throws {NaturalFileError} if the file is of neither kind, or was saved before the training
 */
export function compileNatural(json: unknown): { model: NaturalModel; documents: NaturalDocument[] } {
  const bayes = bayesSchema.safeParse(json);
  if (bayes.success) return { model: requireLabels(compileBayes(bayes.data)), documents: documentsOf(bayes.data) };
  const logistic = logisticSchema.safeParse(json);
  if (logistic.success)
    return { model: requireLabels(compileLogistic(logistic.data)), documents: documentsOf(logistic.data) };
  throw new NaturalFileError(
    'this is not a trained BayesClassifier or LogisticRegressionClassifier that natural saved',
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
      weights[feature * labels.length + column] = count > 0 ? Math.log(count / total) : LOG_OF_ZERO;
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

function requireLabels(model: NaturalModel): NaturalModel {
  if (model.labels.length < 2) throw new NaturalFileError('it has fewer than two labels');
  if (!model.labels.every((label) => label.isWellFormed())) {
    throw new NaturalFileError('it has a label with half of a surrogate pair, which is not a character');
  }
  return model;
}
