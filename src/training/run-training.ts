import { stat } from 'node:fs/promises';
import type { Classifier } from '../classifier/classifier.ts';
import { type Evaluation, evaluate, type Judgement } from '../classifier/evaluation.ts';
import { createLinearClassifier } from '../classifier/linear-classifier.ts';
import { createTrainer } from '../classifier/trainer.ts';
import type { TrainingProgress } from '../classifier/training-options.ts';
import { packArtefact } from '../models/artefact.ts';
import type { Manifest } from '../models/manifest.ts';
import { readExamples } from './read-examples.ts';
import type { TrainingJob, TrainingResult } from './training-job.ts';

/** Trains on this thread, from the job's files to the bytes of an artefact. */
export async function runTraining(
  job: TrainingJob,
  onProgress: (progress: TrainingProgress) => void,
): Promise<TrainingResult> {
  const total = await stat(job.data).then(
    ({ size }) => size,
    () => 0,
  );
  const trainer = createTrainer({ algorithm: job.algorithm, tokenizer: job.tokenizer, seed: job.seed, onProgress });
  const sha256 = await readExamples(
    job.data,
    ({ text, label }) => trainer.add(text, label),
    (done) => onProgress({ phase: 'read', done, total }),
  );
  const trained = trainer.finish();
  const heldOut =
    job.test === undefined ? undefined : await evaluateFile(createLinearClassifier(trained.model), job.test);
  const { manifest, bytes } = packArtefact(trained.model, {
    name: job.name,
    version: job.version,
    training: {
      sha256,
      documents: trained.documents,
      documentsByLabel: { ...trained.documentsByLabel },
      seed: job.seed,
      candidates: [...trained.candidates],
    },
    evaluation: summary(heldOut ?? trained.evaluation, heldOut === undefined ? 'cross-validation' : 'held-out'),
    reference: trained.reference,
    thresholds: trained.thresholds,
  });
  return { manifest, bytes, candidates: trained.candidates };
}

/** A classifier's answers to every example of a file, judged. */
export async function evaluateFile(classifier: Classifier, path: string): Promise<Evaluation> {
  const judgements: Judgement[] = [];
  await readExamples(path, ({ text, label }) => {
    const { label: predicted, confidence, probabilities } = classifier.score(classifier.tokenize(text));
    const actualProbability = probabilities[classifier.labels.indexOf(label)] ?? 0;
    judgements.push({ actual: label, predicted, confidence, actualProbability });
  });
  return evaluate(judgements);
}

function summary(evaluation: Evaluation, method: Manifest['evaluation']['method']): Manifest['evaluation'] {
  const { count, accuracy, macro, micro, logLoss, expectedCalibrationError } = evaluation;
  return { method, count, accuracy, macro, micro, logLoss, expectedCalibrationError };
}
