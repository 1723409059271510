import { join, relative, sep } from 'node:path';
import { z } from 'zod';
import { ALGORITHM_NAMES } from '../classifier/scoring/algorithm-names.ts';
import { TOKENIZER_NAMES } from '../classifier/text/text-options.ts';
import { atomicWrite } from '../platform/atomic-write.ts';
import { readRegularFile } from '../platform/regular-file.ts';
import type { ModelVersions } from './store.ts';

/** Ten years: a longer time is a mistake, and a timer cannot wait for it. */
const MAX_SECONDS = 10 * 365 * 86_400;
/** A day, far below the longest time of a timer (2^31 milliseconds). */
const MAX_INTERVAL_SECONDS = 86_400;
/** More feedback or predictions than any service has. */
const MAX_COUNT = 1e12;
const MAX_RATIO = 1e6;

const seconds = z.number().nonnegative().max(MAX_SECONDS);
const share = z.number().min(0).max(1);
const confidence = z.number().min(0.5).max(0.999999);
const count = z.int().nonnegative().max(MAX_COUNT);
const ratio = z.number().min(1).max(MAX_RATIO);

const MAX_DATA_FILES = 1_000;
const dataPath = z.string().min(1).max(4_096);
const fieldName = z.string().min(1).max(1_000);

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 24 * HOUR_SECONDS;

/** The conditions for training a new version. */
const retrain = z.strictObject({
  /** The memory limit of the training process. The default depends on the memory of the machine or container. */
  maxMemoryMB: z.int().min(64).max(1_048_576).optional(),
  /** The nice value of the training process: 19 takes only idle CPU time, 0 as much as other processes. */
  niceness: z.int().min(0).max(19).default(19),
  /** The algorithm and the tokenizer of the new version: those of the active one, the best of all, or the named ones. */
  algorithm: z.enum(['same', 'auto', ...ALGORITHM_NAMES]).default('same'),
  tokenizer: z.enum(['same', 'auto', ...TOKENIZER_NAMES]).default('same'),
  /** The share of the data that takes no part in any choice and is evaluated: that of the active version, or a number. */
  testShare: z.union([z.literal('same'), z.number().min(0.01).max(0.5)]).default('same'),
  /** The predicted texts have differed from the training texts for this long. */
  drift: z.strictObject({ forSeconds: seconds.default(HOUR_SECONDS) }).prefault({}),
  /** The accuracy has been below the one of the training by both margins for this long. */
  accuracyDrop: z
    .strictObject({
      /** The first margin, as a share: 0.02 is two percentage points. */
      points: share.default(0.02),
      /** The second margin, in standard errors. */
      sigmas: z.number().nonnegative().max(1_000).default(4),
      forSeconds: seconds.default(HOUR_SECONDS),
      /** The age limit of the feedback that counts. */
      windowSeconds: seconds.default(DAY_SECONDS),
      /** The number of labels that the comparison needs. */
      minimumFeedback: count.default(100),
    })
    .prefault({}),
  /** The amount of feedback with text that is needed, beyond the feedback that earlier trainings used. */
  minimumFeedback: count.default(200),
});

/**
 * The conditions for promoting a candidate from shadow to canary, and from canary to active. Like those for taking a
 * version back, they hold however often the candidate is evaluated (sequential tests).
 */
const promote = z.strictObject({
  /** The confidence that the candidate is better. At most 1 - confidence of the others pass in the end. */
  confidence: confidence.default(0.95),
  /** The number of labels for both versions that the comparison needs. */
  minimumFeedback: count.default(100),
  /** The limit on the ratio of the 99th percentiles of the latency, candidate to active version. */
  maxLatencyRatio: ratio.default(2),
  canaryShare: z.number().gt(0).max(0.5).default(0.1),
  minimumShadowSeconds: seconds.default(HOUR_SECONDS),
  minimumCanarySeconds: seconds.default(HOUR_SECONDS),
  /** The number of the canary's own answers that must have feedback. */
  minimumCanaryFeedback: count.default(50),
  /** The time after which a candidate is dropped if it has not proved better. */
  giveUpSeconds: seconds.default(14 * DAY_SECONDS),
});

/** The conditions for taking back a canary, or an active version that is still fresh. */
const rollback = z.strictObject({
  /** The share of failed predictions, if it is also higher than that of the other version. */
  errorShare: share.default(0.02),
  /** The ratio of the 99th percentiles of the latency, this version to the other one. */
  latencyRatio: ratio.default(3),
  /** A 99th percentile below this is never too slow. */
  latencySeconds: seconds.default(0.005),
  /** The number of predictions of each version in the last hour that a percentile needs. */
  minimumPredictions: count.default(100),
  /** The confidence that this version is wrong, or fails, more often than the other one. */
  accuracy: z.strictObject({ confidence: confidence.default(0.99), minimumFeedback: count.default(20) }).prefault({}),
  /** The time for which an active version counts as fresh. */
  freshForSeconds: seconds.default(DAY_SECONDS),
});

/** The knowledge of people about the labels, which the service cannot have. */
const labels = z.strictObject({
  /** The labels of the source `truth` are a fair sample of the predictions, although most predictions have none. */
  fairSample: z.boolean().default(false),
});

/** The limits on the texts that a shadow scores. They hold in each mode. */
const shadow = z.strictObject({
  /** The share of the texts that the active version answers. */
  share: share.default(1),
  /** The cost of an hour in each process, in the currency of the prices of the version. */
  costPerHour: z.number().nonnegative().max(1e9).optional(),
});

/** The schema of `MODELS_DIR/NAME/policy.json`. */
export const policySchema = z.strictObject({
  /** The use of decisions: they are only recommended, or carried out. */
  mode: z.enum(['recommend', 'automatic']).default('recommend'),
  /** The training data, relative to the folder of the policy: a file or several. Retraining uses these data and the feedback. */
  data: z.union([dataPath, z.array(dataPath).min(1).max(MAX_DATA_FILES)]).optional(),
  /** The names of the fields with the text and the label, if they are not `text` and `label`. */
  textField: fieldName.optional(),
  labelField: fieldName.optional(),
  /** The time between two evaluations. */
  everySeconds: z.number().min(0.1).max(MAX_INTERVAL_SECONDS).default(60),
  /** The time for which an action is not repeated, and nothing new is started after a promotion or a rollback. */
  cooldownSeconds: seconds.default(DAY_SECONDS),
  /** An answer with a confidence below this is marked as abstained. 0: no answer is. */
  minConfidence: share.default(0),
  shadow: shadow.prefault({}),
  labels: labels.prefault({}),
  retrain: retrain.prefault({}),
  promote: promote.prefault({}),
  rollback: rollback.prefault({}),
});

/** The policy of a model, with all defaults filled in. */
export type Policy = z.output<typeof policySchema>;

/** A policy, or the reason why the file cannot be used. */
export type PolicyFile =
  | { readonly policy: Policy; readonly problem?: undefined }
  | { readonly policy?: undefined; readonly problem: string };

/** The name of the policy file in a model's folder. */
const FILE_NAME = 'policy.json';

/** The maximum size of the file. */
const MAX_BYTES = 1024 * 1024;

/** Reads the policy of a model. Without a file all defaults apply: decisions are only recommended. */
export async function readPolicy(modelFolder: string): Promise<PolicyFile> {
  let text: string;
  try {
    text = await readPolicyText(modelFolder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { policy: policySchema.parse({}) };
    return { problem: `${FILE_NAME} cannot be read (${code ?? message})` };
  }
  return parsePolicy(text);
}

/** The part of a policy that holds for each prediction, in each mode. */
export type ServingPolicy = Required<Pick<ModelVersions, 'minConfidence' | 'shadowBudget'>>;

/**
 * Creates a reader of the part of the policy that holds for each prediction. The file is parsed only if it has changed. With a
 * file that cannot be used, the last known values stay in effect: the defaults at the start.
 */
export function createServingPolicyReader(modelFolder: string): () => Promise<ServingPolicy> {
  let lastText: string | undefined;
  let serving: ServingPolicy = { minConfidence: 0, shadowBudget: { share: 1 } };
  return async () => {
    const text = await readPolicyText(modelFolder).catch((error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? '{}' : lastText,
    );
    if (text === undefined || text === lastText) return serving;
    lastText = text;
    const { policy } = parsePolicy(text);
    if (policy) serving = { minConfidence: policy.minConfidence, shadowBudget: policy.shadow };
    return serving;
  };
}

async function readPolicyText(modelFolder: string): Promise<string> {
  return (await readRegularFile(join(modelFolder, FILE_NAME), MAX_BYTES)).toString();
}

/** The maximum number of faults that a reason names. */
const MAX_ISSUES = 10;

/** Parses the content of a policy file. */
export function parsePolicy(text: string): PolicyFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problem: `${FILE_NAME} is not valid JSON` };
  }
  const parsed = policySchema.safeParse(json);
  if (parsed.success) return { policy: parsed.data };
  const issues = parsed.error.issues
    .slice(0, MAX_ISSUES)
    .map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`);
  return { problem: `${FILE_NAME}: ${issues.join('; ')}` };
}

/** Training data as a policy declares them. Paths are relative to the working directory. */
export interface DeclaredData {
  readonly paths: readonly string[];
  readonly textField?: string | undefined;
  readonly labelField?: string | undefined;
}

/**
 * Writes a policy that names the training data of a model, unless the model has a policy already.
 *
 * @returns the path of the new file, or `undefined` if there was one
 */
export async function writeInitialPolicy(
  modelFolder: string,
  { paths, textField, labelField }: DeclaredData,
): Promise<string | undefined> {
  const file = join(modelFolder, FILE_NAME);
  const data = paths.map((path) => relative(modelFolder, path).replaceAll(sep, '/'));
  const policy = { data: data.length === 1 ? data[0] : data, textField, labelField };
  const isWritten = await atomicWrite(file, `${JSON.stringify(policy, null, 2)}\n`, { ifAbsent: true });
  return isWritten ? file : undefined;
}
