import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Manifest, writeArtefact } from '../artefacts/artefact.ts';
import { ArtefactError } from '../artefacts/artefact-error.ts';
import { nextVersion } from '../artefacts/versions.ts';
import { MAX_TEST_SHARE, MIN_TEST_SHARE, type TrainingProgress } from '../classifier/learning/training-options.ts';
import { ALGORITHM_NAMES } from '../classifier/scoring/algorithm-names.ts';
import { TOKENIZER_NAMES } from '../classifier/text/text-options.ts';
import { writeInitialPolicy } from '../models/policy-file.ts';
import { train } from '../training/train.ts';
import type { TrainingJob, TrainingResult } from '../training/training-job.ts';
import { requireName, requireOneOf, runCommand, UsageError } from './usage.ts';

const HELP = `Usage: npm run train -- --data FILE --model NAME [options]
       npm run train -- --from-natural FILE --model NAME [options]

Trains a version of a model and writes it to MODELS/NAME/VERSION/.

  --data FILE          JSON Lines of {"text", "label"} to learn from
  --from-natural FILE  import a classifier that natural saved instead (BayesClassifier.save or
                       LogisticRegressionClassifier.save)
  --model NAME         the name of the model
  --with-feedback      learn also from the feedback on this model that came with its text
  --data-dir DIR       the DATA_DIR of the service, which contains the feedback (default: ./data)
  --test FILE          held-out data for the evaluation (default: a share of the training data)
  --test-share SHARE   the share of the training data that takes no part in any choice and is evaluated, from 0.01 to
                       0.5 (default: 0.1); the final model learns from it too
  --version V          the name of the version (default: the next number)
  --algorithm NAME     auto (the best in cross-validation), or one of
                         ${ALGORITHM_NAMES.join('\n                         ')}
  --tokenizer NAME     auto (by the script of the data), or one of
                         ${TOKENIZER_NAMES.join(', ')}
  --models DIR         the models folder (default: ./models)
  --seed N             the same data and seed give the same bytes (default: 1)

With --data, a MODELS/NAME/policy.json that names the data is written if there is none. The service
needs it to retrain the model. Ctrl-C stops the training, and no version is written.
`;

const phaseNames: Readonly<Record<TrainingProgress['phase'], string>> = {
  read: 'Reading the data',
  compare: 'Cross-validating',
  fit: 'Fitting the final model',
};

/** The width of the progress bar in characters. */
const BAR_WIDTH = 30;

/** Creates a progress display: a bar on a terminal, and one line per phase elsewhere. */
function createProgress(stream: NodeJS.WriteStream): { show(progress: TrainingProgress): void; clear(): void } {
  let phase = '';
  return {
    show(progress) {
      const share = progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0;
      if (stream.isTTY) {
        const filled = Math.round(share * BAR_WIDTH);
        const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
        stream.write(`\r\u001b[K${phaseNames[progress.phase].padEnd(24)}${bar} ${Math.round(share * 100)} %`);
      } else if (progress.phase !== phase) {
        stream.write(`${phaseNames[progress.phase]}\n`);
      }
      phase = progress.phase;
    },
    clear() {
      if (stream.isTTY && phase !== '') stream.write('\r\u001b[K');
    },
  };
}

function sourceOf(data: string | undefined, natural: string | undefined): TrainingJob['source'] {
  if (data !== undefined && natural !== undefined) throw new UsageError('--data and --from-natural exclude each other');
  if (data !== undefined) return { examples: data };
  if (natural !== undefined) return { natural };
  throw new UsageError('--data is missing');
}

function describeExamples({ documents, feedback }: Manifest['training']): string {
  if (feedback === undefined) return `Learnt from ${documents} examples.`;
  const { given, documents: used, otherLabels, replaced } = feedback;
  const repeated = given - used - otherLabels;
  const exceptions = [
    ...(repeated > 0 ? [`${repeated} with a text that later feedback has too`] : []),
    ...(otherLabels > 0 ? [`${otherLabels} with a label that the data do not have`] : []),
  ];
  const unused = exceptions.length > 0 ? ` (not used: ${exceptions.join(', ')})` : '';
  const replacement = replaced > 0 ? `, which replaced ${replaced} of the data` : '';
  return `Learnt from ${documents - used} examples of the data and ${used} of ${given} examples of the feedback${unused}${replacement}.`;
}

function report(folder: string, { manifest, bytes, candidates }: TrainingResult): string {
  const [best, second] = candidates;
  const lines = candidates.map(
    ({ algorithm, accuracy, logLoss }) =>
      `  ${algorithm.padEnd(44)} accuracy ${accuracy.toFixed(4)}  log loss ${logLoss.toFixed(4)}`,
  );
  if (best !== undefined && second !== undefined) {
    const reason =
      best.accuracy > second.accuracy
        ? `its accuracy in cross-validation is the highest, ${best.accuracy.toFixed(4)} against ${second.accuracy.toFixed(4)}`
        : 'its accuracy in cross-validation is the highest, shared with others, and its log loss the lowest among them';
    lines.unshift(`Chose ${best.algorithm}: ${reason}.`);
  }
  const { evaluation, training } = manifest;
  lines.push(
    describeExamples(training),
    `Accuracy ${evaluation.accuracy.toFixed(4)}, macro F1 ${evaluation.macro.f1.toFixed(4)}, calibration error ` +
      `${evaluation.expectedCalibrationError.toFixed(4)} (${evaluation.method}, ${evaluation.count} texts)`,
    `Wrote ${folder} (${bytes.byteLength} bytes of weights)`,
  );
  return `${lines.join('\n')}\n`;
}

function requireTestShare(given: string | undefined, test: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  if (test !== undefined) throw new UsageError('--test and --test-share exclude each other');
  const share = Number(given);
  if (share >= MIN_TEST_SHARE && share <= MAX_TEST_SHARE) return share;
  const range = `a number from ${MIN_TEST_SHARE} to ${MAX_TEST_SHARE}`;
  throw new UsageError(`--test-share is ${JSON.stringify(given)}; allowed: ${range}`);
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
      'test-share': { type: 'string' },
      version: { type: 'string' },
      algorithm: { type: 'string', default: 'auto' },
      tokenizer: { type: 'string', default: 'auto' },
      models: { type: 'string', default: './models' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
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
  const testShare = requireTestShare(values['test-share'], values.test);
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
    testShare,
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
