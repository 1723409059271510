import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { MAX_TEST_SHARE, MIN_TEST_SHARE } from '../classifier/learning/training-options.ts';
import { ALGORITHM_NAMES } from '../classifier/scoring/algorithm-names.ts';
import { TOKENIZER_NAMES } from '../classifier/text/text-options.ts';
import { STANDARD_INPUT } from '../datasets/byte-source.ts';
import { type FeedbackPlace, feedbackPlaceOf } from '../feedback/database/feedback.ts';
import { writeInitialPolicy } from '../models/policy-file.ts';
import { readSetting } from '../platform/config.ts';
import type { DataFiles } from '../training/read-examples.ts';
import { train } from '../training/train.ts';
import type { TrainingData, TrainingJob, TrainingResult } from '../training/training-job.ts';
import { DATA_HELP, dataOptions, requireOneStandardInput, toDataFiles } from './data-arguments.ts';
import { describeData } from './data-report.ts';
import { deploy } from './deployment.ts';
import { chooseNewVersion } from './model-versions.ts';
import { createProgress } from './progress.ts';
import { type Deployment, describeDeployment, describeTraining, nextSteps } from './train-report.ts';
import { asInvoked, requireName, requireOneOf, runCommand, UsageError } from './usage.ts';

const HELP = `Usage: npm run train -- --data FILE --model NAME [options]
       npm run train -- --from-natural FILE --model NAME [options]

Trains a version of a model and writes it to MODELS/NAME/VERSION/. The first version of a model is active. A later
one waits until it gets a role.

  --data FILE          labelled texts to learn from
  --text-field NAME    the field with the text (default: text)
  --label-field NAME   the field with the label (default: label)
  --from-natural FILE  import a classifier that natural saved instead (BayesClassifier.save or
                       LogisticRegressionClassifier.save)
  --encoder FOLDER     also use the sentence embeddings of a transformer: the folder of an export to ONNX with model.onnx
                       (or onnx/model.onnx), tokenizer.json and config.json. Linear model and encoder answer together
  --encoder-only       use only the encoder
  --cascade SHARE      the linear model answers first, and this share of the texts, of which it is least sure, goes on to
                       the encoder, from 0.01 to 1
  --model NAME         the name of the model
  --with-feedback      learn also from the feedback on this model that came with its text
  --data-dir DIR       the DATA_DIR of the service, which contains the feedback (default: the
                       database of DATABASE_URL if it is set, otherwise ./data)
  --feedback-key-file FILE
                       the FEEDBACK_KEY_FILE of the service, if it encrypts the feedback
  --test FILE          held-out data for the evaluation (default: a share of the training data), and for the comparison
                       with the active version
  --robust             also evaluate the texts of --test with seeded changes
  --test-share SHARE   the share of the training data that takes no part in any choice and is evaluated, from 0.01 to
                       0.5 (default: 0.1); the final model learns from it too
  --activate           make the new version active at once
  --version V          the name of the version (default: the next number)
  --algorithm NAME     auto (the best in cross-validation), or one of
                         ${ALGORITHM_NAMES.join('\n                         ')}
  --tokenizer NAME     auto (by the script of the data), or one of
                         ${TOKENIZER_NAMES.join(', ')}
  --models DIR         the models folder (default: ./models)
  --seed N             the same data and seed give the same bytes (default: 1)
  --json               print one JSON object instead of the report

${DATA_HELP}

With --data, a MODELS/NAME/policy.json that names the data is written if there is none. The service
needs it to retrain the model. Ctrl-C stops the training, and no version is written.
`;

const MIN_CASCADE_SHARE = 0.01;

function sourceOf(data: DataFiles | undefined, natural: string | undefined): TrainingJob['source'] {
  if (data !== undefined && natural !== undefined) throw new UsageError('--data and --from-natural exclude each other');
  if (data !== undefined) return { examples: data };
  if (natural !== undefined) return { natural };
  throw new UsageError('--data is missing');
}

function toJson(
  result: TrainingResult,
  data: TrainingData | undefined,
  deployment: Deployment,
  folder: string,
): string {
  const { manifest, candidates, comparison } = result;
  const { model, version, active } = deployment;
  return JSON.stringify({
    model,
    version,
    folder,
    active,
    algorithm: manifest.algorithm,
    evaluation: manifest.evaluation,
    candidates,
    ...(comparison && { comparison }),
    ...(data && { data }),
    nextSteps: active === version ? [] : nextSteps(deployment),
  });
}

function encoderOf(folder: string | undefined, isAlone: boolean, share: string | undefined): TrainingJob['encoder'] {
  if (folder === undefined) {
    if (isAlone || share !== undefined) throw new UsageError('--encoder-only and --cascade need --encoder');
    return undefined;
  }
  if (share === undefined) return { folder: resolve(folder), kind: isAlone ? 'encoder' : 'linear+encoder' };
  if (isAlone) throw new UsageError('--encoder-only and --cascade exclude each other');
  if (!(Number(share) >= MIN_CASCADE_SHARE && Number(share) <= 1)) {
    throw new UsageError(`--cascade is ${JSON.stringify(share)}; allowed: a share from ${MIN_CASCADE_SHARE} to 1`);
  }
  return { folder: resolve(folder), kind: 'cascade', share: Number(share) };
}

function requireTestShare(given: string | undefined, test: readonly string[] | undefined): number | undefined {
  if (given === undefined) return undefined;
  if (test !== undefined) throw new UsageError('--test and --test-share exclude each other');
  const share = Number(given);
  if (share >= MIN_TEST_SHARE && share <= MAX_TEST_SHARE) return share;
  const range = `a number from ${MIN_TEST_SHARE} to ${MAX_TEST_SHARE}`;
  throw new UsageError(`--test-share is ${JSON.stringify(given)}; allowed: ${range}`);
}

/** Returns the place of the feedback: the given folder, or the place that a service with this environment has. */
function readFeedbackPlace(folder: string | undefined): FeedbackPlace {
  return feedbackPlaceOf({
    DATA_DIR: folder ?? './data',
    DATABASE_URL: folder === undefined ? readSetting('DATABASE_URL') : undefined,
    DATABASE_PASSWORD_FILE: readSetting('DATABASE_PASSWORD_FILE'),
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...dataOptions,
      'from-natural': { type: 'string' },
      'with-feedback': { type: 'boolean', default: false },
      'data-dir': { type: 'string' },
      'feedback-key-file': { type: 'string' },
      encoder: { type: 'string' },
      'encoder-only': { type: 'boolean', default: false },
      cascade: { type: 'string' },
      model: { type: 'string' },
      test: { type: 'string', multiple: true },
      robust: { type: 'boolean', default: false },
      'test-share': { type: 'string' },
      activate: { type: 'boolean', default: false },
      version: { type: 'string' },
      algorithm: { type: 'string', default: 'auto' },
      tokenizer: { type: 'string', default: 'auto' },
      models: { type: 'string', default: './models' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(asInvoked(HELP));
    return;
  }
  const { models, test } = values;
  const data = values.data && toDataFiles(values.data, values);
  const source = sourceOf(data, values['from-natural']);
  requireOneStandardInput([...(values.data ?? [values['from-natural'] ?? '']), ...(test ?? [])]);
  const withFeedback = values['with-feedback'];
  if (values.robust && test === undefined) throw new UsageError('--robust needs --test');
  if (withFeedback && data === undefined) throw new UsageError('--with-feedback needs --data');
  const encoder = encoderOf(values.encoder, values['encoder-only'], values.cascade);
  if (encoder && data === undefined) throw new UsageError('--encoder needs --data');
  if (encoder && values['test-share'] !== undefined)
    throw new UsageError('--encoder and --test-share exclude each other');
  const name = requireName('model', values.model);
  const given = values.version === undefined ? undefined : requireName('version', values.version);
  const algorithm = requireOneOf('algorithm', values.algorithm, ['auto', ...ALGORITHM_NAMES]);
  const tokenizer = requireOneOf('tokenizer', values.tokenizer, ['auto', ...TOKENIZER_NAMES]);
  if (!/^[0-9]{1,9}$/.test(values.seed)) {
    throw new UsageError(`--seed is ${JSON.stringify(values.seed)}; allowed: a whole number from 0 to 999999999`);
  }
  const testShare = requireTestShare(values['test-share'], test);
  const { version, folder, active } = await chooseNewVersion(models, name, given);

  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stop.abort(new DOMException(`stopped by ${signal}, nothing was written`, 'AbortError')));
  }
  const progress = createProgress(process.stderr);
  const job: TrainingJob = {
    source,
    feedback: withFeedback ? readFeedbackPlace(values['data-dir']) : undefined,
    feedbackKeyFile: values['feedback-key-file'],
    encoder,
    runtimesFolder: readSetting('RUNTIMES_DIR'),
    test: test && toDataFiles(test, values),
    robust: values.robust,
    testShare,
    compareWith: active === undefined ? undefined : join(models, name, active),
    maxTextCharacters: readSetting('MAX_TEXT_CHARACTERS'),
    name,
    version,
    algorithm,
    tokenizer,
    seed: Number(values.seed),
  };
  let readData: TrainingData | undefined;
  const onData = (read: TrainingData) => {
    readData = read;
    progress.clear();
    process.stderr.write(describeData(read));
  };
  const result = await train(job, { signal: stop.signal, onProgress: progress.show, onData }).finally(progress.clear);
  stop.signal.throwIfAborted();
  const deployed = await deploy(result, {
    models,
    name,
    active,
    activates: values.activate,
    encoder: encoder?.folder,
    command: 'train',
  });
  const deployment: Deployment = { model: name, version, models, active: deployed.active };
  const policy =
    data === undefined || data.paths.includes(STANDARD_INPUT)
      ? undefined
      : await writeInitialPolicy(join(models, name), data);
  if (values.json) {
    process.stdout.write(`${toJson(result, readData, deployment, folder)}\n`);
    return;
  }
  process.stdout.write(describeTraining(folder, result));
  if (policy !== undefined) process.stdout.write(`Wrote ${policy}: the service retrains the model from these data\n`);
  process.stdout.write(describeDeployment(deployment));
}

runCommand('train', main);
