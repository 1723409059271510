import { readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { z } from 'zod';
import { atomicWrite } from '../platform/atomic-write.ts';

const seconds = z.number().nonnegative();
const share = z.number().min(0).max(1);
const confidence = z.number().min(0.5).max(0.999999);
const count = z.int().nonnegative();
const ratio = z.number().min(1);

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** When the monitoring may train a new version. */
const retrain = z.strictObject({
  /** The most memory that the training's process may take. */
  maxMemoryMB: z.int().min(64).default(2_048),
  /** How far that process gives way: with 19 it gets the time that nobody else wants, with 0 as much as others. */
  niceness: z.int().min(0).max(19).default(19),
  /** What is predicted has looked unlike the training texts for so long. */
  drift: z.strictObject({ forSeconds: seconds.default(HOUR) }).prefault({}),
  /** The accuracy has been so many points and so many standard errors below the training's for so long. */
  accuracyDrop: z
    .strictObject({
      points: share.default(0.02),
      sigmas: z.number().nonnegative().default(4),
      forSeconds: seconds.default(HOUR),
      /** The feedback of the last so many seconds counts. */
      windowSeconds: seconds.default(DAY),
      /** With fewer labels than these it is not looked at. */
      minimumFeedback: count.default(100),
    })
    .prefault({}),
  /** How much feedback with text there must be that no training has learned from. */
  minimumFeedback: count.default(200),
});

/** When a candidate may go from shadow to canary, and from canary to active. */
const promote = z.strictObject({
  /** That it is better: of the candidates that are not, at most 1 - confidence pass, however often they are looked at. */
  confidence: confidence.default(0.95),
  /** With fewer labels than these, of both versions, there is no comparison. */
  minimumFeedback: count.default(100),
  /** Its 99th percentile against the active version's, when both have enough predictions. */
  maxLatencyRatio: ratio.default(2),
  canaryShare: z.number().gt(0).max(0.5).default(0.1),
  minimumShadowSeconds: seconds.default(HOUR),
  minimumCanarySeconds: seconds.default(HOUR),
  /** How many of a canary's own answers must have been judged. */
  minimumCanaryFeedback: count.default(50),
  /** A candidate that has not shown in this time that it is better is dropped. */
  giveUpSeconds: seconds.default(14 * DAY),
});

/** When a canary, or an active version that is still fresh, is taken back. */
const rollback = z.strictObject({
  /** So large a share of its predictions fails, and more than of the other version's. */
  errorShare: share.default(0.02),
  /** Its 99th percentile is so many times the other version's. */
  latencyRatio: ratio.default(3),
  /** Faster than this is never too slow. */
  latencySeconds: seconds.default(0.005),
  /** With fewer predictions than these, of either version in the last hour, a percentile says nothing. */
  minimumPredictions: count.default(100),
  /** That it is wrong, or fails, more often than the other version, however often they are looked at. */
  accuracy: z.strictObject({ confidence: confidence.default(0.99), minimumFeedback: count.default(20) }).prefault({}),
  /** How long an active version is fresh. */
  freshForSeconds: seconds.default(DAY),
});

/** What `MODELS_DIR/NAME/policy.json` may say. */
export const policySchema = z.strictObject({
  /** Only say what should be done, or do it. */
  mode: z.enum(['recommend', 'automatic']).default('recommend'),
  /** The file that the model was trained on, relative to the policy's folder: retraining adds feedback to it. */
  data: z.string().min(1).optional(),
  /** How often the monitoring looks. */
  everySeconds: z.number().min(0.1).default(60),
  /** No action is taken twice in so many seconds, and none is begun anew after one was taken back. */
  cooldownSeconds: seconds.default(DAY),
  retrain: retrain.prefault({}),
  promote: promote.prefault({}),
  rollback: rollback.prefault({}),
});

/** What the monitoring may do by itself with one model, every field filled in. */
export type Policy = z.output<typeof policySchema>;

/** A policy, or why there is none to go by. */
export type PolicyFile =
  | { readonly policy: Policy; readonly problem?: undefined }
  | { readonly policy?: undefined; readonly problem: string };

/** The name of the policy file in a model's folder. */
const policyFileName = 'policy.json';

/** Reads a model's policy: all defaults (only recommend) where there is no file, a problem where it cannot be used. */
export async function readPolicy(modelFolder: string): Promise<PolicyFile> {
  let text: string;
  try {
    text = await readFile(join(modelFolder, policyFileName), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { policy: policySchema.parse({}) };
    return { problem: `${policyFileName} cannot be read (${code ?? 'unknown'})` };
  }
  return parsePolicy(text);
}

/** What the text of a policy file says. */
export function parsePolicy(text: string): PolicyFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problem: `${policyFileName} is no JSON` };
  }
  const parsed = policySchema.safeParse(json);
  if (parsed.success) return { policy: parsed.data };
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`);
  return { problem: `${policyFileName}: ${issues.join('; ')}` };
}

/**
 * Writes a policy that names the training data of a model, unless the model has a policy already.
 *
 * @param dataFile a path relative to the working directory
 * @returns the path of the new file, or `undefined` if there was one
 */
export async function writeInitialPolicy(modelFolder: string, dataFile: string): Promise<string | undefined> {
  const file = join(modelFolder, policyFileName);
  const policy = { data: relative(modelFolder, dataFile).replaceAll(sep, '/') };
  const isWritten = await atomicWrite(file, `${JSON.stringify(policy, null, 2)}\n`, { ifAbsent: true });
  return isWritten ? file : undefined;
}
