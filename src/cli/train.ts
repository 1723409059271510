import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ArtefactError, type Manifest, writeArtefact } from '../artefacts/artefact.ts';
import { nextVersion } from '../artefacts/versions.ts';
import { ALGORITHM_NAMES } from '../classifier/scoring/algorithm-names.ts';
import { TOKENIZER_NAMES } from '../classifier/text/text-options.ts';
import { writeInitialPolicy } from '../models/policy-file.ts';
import { train } from '../training/train.ts';
import type { TrainingJob, TrainingResult } from '../training/training-job.ts';
import { createProgress } from './progress.ts';
import { requireName, requireOneOf, runCommand, UsageError } from './usage.ts';

const help = `Usage: npm run train -- --data FILE --model NAME [options]
       npm run train -- --from-natural FILE --model NAME [options]

Trains a version of a model and writes it to MODELS/NAME/VERSION/.

  --data FILE          JSON Lines of {"text", "label"} to learn from
  --from-natural FILE  instead of learning, compile what natural's BayesClassifier.save or
                       LogisticRegressionClassifier.save wrote
  --model NAME         the model's name
  --with-feedback      learn too what feedback with text says of this model's predictions
  --data-dir DIR       where the service keeps that feedback, its DATA_DIR (default: ./data)
  --test FILE          held-out data to evaluate on (default: cross-validation on the training data)
  --version V          the version's name (default: the next number)
  --algorithm NAME     auto (the best in cross-validation), or one of
                         ${ALGORITHM_NAMES.join('\n                         ')}
  --tokenizer NAME     auto (by the script of the data), or one of
                         ${TOKENIZER_NAMES.join(', ')}
  --models DIR         the models folder (default: ./models)
  --seed N             the same data and seed give the same bytes (default: 1)

With --data, MODELS/NAME/policy.json is written where there is none, so that the service knows
what to retrain the model from. Ctrl-C stops a training and leaves nothing behind.
`;

function sourceOf(data: string | undefined, natural: string | undefined): TrainingJob['source'] {
  if (data !== undefined && natural !== undefined) throw new UsageError('--data and --from-natural exclude each other');
  if (data !== undefined) return { examples: data };
  if (natural !== undefined) return { natural };
  throw new UsageError('--data is missing');
}

function learnt({ documents, feedback }: Manifest['training']): string {
  if (feedback === undefined) return `Learnt from ${documents} examples.`;
  const { given, documents: taught, otherLabels, replaced } = feedback;
  const repeated = given - taught - otherLabels;
  const notes = [
    ...(repeated > 0 ? [`${repeated} with a text that later feedback has too`] : []),
    ...(otherLabels > 0 ? [`${otherLabels} with a label that the data do not have`] : []),
  ];
  const without = notes.length > 0 ? ` (without ${notes.join(' and ')})` : '';
  const instead = replaced > 0 ? `, which took the place of ${replaced} of the data's` : '';
  return `Learnt from ${documents - taught} examples of the data and ${taught} of ${given} feedbacks with text${without}${instead}.`;
}

function report(folder: string, { manifest, bytes, candidates }: TrainingResult): string {
  const [best, second] = candidates;
  const lines = candidates.map(
    ({ algorithm, accuracy, logLoss }) =>
      `  ${algorithm.padEnd(44)} accuracy ${accuracy.toFixed(4)}  log loss ${logLoss.toFixed(4)}`,
  );
  if (best !== undefined && second !== undefined) {
    const why =
      best.accuracy > second.accuracy
        ? `its accuracy in cross-validation is the highest, ${best.accuracy.toFixed(4)} against ${second.accuracy.toFixed(4)}`
        : 'its accuracy in cross-validation is the highest, shared with others, and its log loss the lowest among them';
    lines.unshift(`Chose ${best.algorithm}: ${why}.`);
  }
  const { evaluation, training } = manifest;
  lines.push(
    learnt(training),
    `Accuracy ${evaluation.accuracy.toFixed(4)}, macro F1 ${evaluation.macro.f1.toFixed(4)}, calibration error ` +
      `${evaluation.expectedCalibrationError.toFixed(4)} (${evaluation.method}, ${evaluation.count} texts)`,
    `Wrote ${folder} (${bytes.byteLength} bytes of weights)`,
  );
  return `${lines.join('\n')}\n`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      'from-natural': { type: 'string' },
      'with-feedback': { type: 'boolean', default: false },
      'data-dir': { type: 'string', default: './data' },
      model: { type: 'string' },
      test: { type: 'string' },
      version: { type: 'string' },
      algorithm: { type: 'string', default: 'auto' },
      tokenizer: { type: 'string', default: 'auto' },
      models: { type: 'string', default: './models' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const source = sourceOf(values.data, values['from-natural']);
  const withFeedback = values['with-feedback'];
  if (withFeedback && values.data === undefined) throw new UsageError('--with-feedback needs --data');
  const name = requireName('model', values.model);
  const given = values.version === undefined ? undefined : requireName('version', values.version);
  const algorithm = requireOneOf('algorithm', values.algorithm, ['auto', ...ALGORITHM_NAMES]);
  const tokenizer = requireOneOf('tokenizer', values.tokenizer, ['auto', ...TOKENIZER_NAMES]);
  if (!/^[0-9]{1,9}$/.test(values.seed)) {
    throw new UsageError(`--seed is ${JSON.stringify(values.seed)}; allowed: a whole number from 0 to 999999999`);
  }
  const version = given ?? (await nextVersion(values.models, name));
  const folder = join(values.models, name, version);
  if (existsSync(folder)) throw new ArtefactError(folder, 'this version exists already');

  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stop.abort(new DOMException(`stopped by ${signal}, nothing was written`, 'AbortError')));
  }
  const progress = createProgress(process.stderr);
  const job: TrainingJob = {
    source,
    feedback: withFeedback ? values['data-dir'] : undefined,
    test: values.test,
    name,
    version,
    algorithm,
    tokenizer,
    seed: Number(values.seed),
  };
  const result = await train(job, { signal: stop.signal, onProgress: progress.show }).finally(progress.clear);
  stop.signal.throwIfAborted();
  await writeArtefact(folder, result.manifest, result.bytes);
  process.stdout.write(report(folder, result));
  const policy =
    values.data === undefined ? undefined : await writeInitialPolicy(join(values.models, name), values.data);
  if (policy !== undefined) process.stdout.write(`Wrote ${policy}: the service retrains the model from these data\n`);
}

runCommand('train', main);
