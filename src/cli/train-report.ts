import type { EncoderManifest, Manifest } from '../artefacts/manifest.ts';
import type { Candidate } from '../classifier/learning/trainer.ts';
import { ENCODER_ALGORITHMS } from '../classifier/scoring/algorithm-names.ts';
import { robustnessTable } from '../training/robustness.ts';
import type { TrainingResult, VersionComparison } from '../training/training-job.ts';
import { describeComparison, sentenceOf, verdictOf } from './comparison-report.ts';
import { columns, plural } from './terminal.ts';
import { asInvoked, isInvokedAsWaymark } from './usage.ts';

/** The role of a new version. */
export interface Deployment {
  readonly model: string;
  readonly version: string;
  /** The models folder, as it was given. */
  readonly models: string;
  /** The active version after the training. */
  readonly active: string;
}

/** A command for a next step. */
export interface NextStep {
  readonly step: 'try' | 'shadow' | 'canary' | 'activate';
  readonly command: string;
}

/** The address of a service with default settings. */
const SERVICE = 'http://localhost:3000';
const DEFAULT_MODELS = './models';
const CANARY_SHARE = 0.1;
/** The gain in accuracy from which an encoder is worth its cost. */
const MIN_GAIN = 0.01;

/** Describes a trained version: its choice, its quality, and its comparison with the active version. */
export function describeTraining(folder: string, { manifest, bytes, candidates, comparison }: TrainingResult): string {
  const [best, second] = candidates;
  const lines = candidates.map(
    ({ algorithm, accuracy, logLoss }) =>
      `  ${algorithm.padEnd(44)} accuracy ${accuracy.toFixed(4)}  log loss ${logLoss.toFixed(4)}`,
  );
  if ('encoder' in manifest) lines.push(...describeEncoderGain(manifest, candidates));
  else if (best !== undefined && second !== undefined) {
    const reason =
      best.accuracy > second.accuracy
        ? `its accuracy in cross-validation is the highest, ${best.accuracy.toFixed(4)} against ${second.accuracy.toFixed(4)}`
        : 'its accuracy in cross-validation is the highest, shared with others, and its log loss the lowest among them';
    lines.unshift(`Chose ${best.algorithm}: ${reason}.`);
  }
  const { evaluation, robustness, training } = manifest;
  lines.push(
    ...(training.documents > 0 ? [describeExamples(training)] : []),
    `Accuracy ${evaluation.accuracy.toFixed(4)}, macro F1 ${evaluation.macro.f1.toFixed(4)}, calibration error ` +
      `${evaluation.expectedCalibrationError.toFixed(4)} (${evaluation.method}, ${plural(evaluation.count, 'text')})`,
    ...(robustness ? robustnessTable(robustness) : []),
    ...(comparison ? describeVersions(comparison, manifest.version) : []),
    `Wrote ${folder} (${bytes.byteLength} bytes of weights)`,
  );
  return `${lines.join('\n')}\n`;
}

/** Says whether the encoder is worth its cost for these data: it takes a hundred times the time of a linear model. */
function describeEncoderGain({ algorithm, encoder }: EncoderManifest, candidates: readonly Candidate[]): string[] {
  const isEncoder = ({ algorithm: name }: Candidate) => ENCODER_ALGORITHMS.some((other) => other === name);
  const own = candidates.find((candidate) => candidate.algorithm === algorithm);
  const linear = candidates.find((candidate) => !isEncoder(candidate));
  const best = candidates.find(isEncoder);
  if (own === undefined || linear === undefined || best === undefined) return [];
  const points = (100 * (own.accuracy - linear.accuracy)).toFixed(1);
  const isWorth = own.accuracy - linear.accuracy >= MIN_GAIN;
  return [
    `Encoder ${encoder.sha256.slice(0, 12)}, ${encoder.dimensions} dimensions: ${algorithm} gains ${points} points of accuracy in ` +
      `cross-validation over ${linear.algorithm}.`,
    ...(isWorth ? [] : ['For these data the linear model alone is nearly as good, and a hundred times as fast.']),
    ...(best.algorithm !== algorithm && best.accuracy - own.accuracy >= MIN_GAIN
      ? [`${best.algorithm} would be better: accuracy ${best.accuracy.toFixed(4)}.`]
      : []),
  ];
}

/** Describes which version is active, and how the new one can get a role. */
export function describeDeployment(deployment: Deployment): string {
  const { model, version, active } = deployment;
  if (active === version)
    return `Version ${version} of ${model} is active: it answers requests for ${JSON.stringify(model)}.\n`;
  return [
    `Version ${version} of ${model} waits for a role: version ${active} stays active.`,
    'Next steps',
    ...columns(
      nextSteps(deployment).map(({ step, command }) => [step, command]),
      2,
    ),
    '',
  ].join('\n');
}

/** Returns the commands that try a version, or give it a role. */
export function nextSteps({ model, version, models }: Deployment): NextStep[] {
  const folder = models === DEFAULT_MODELS ? '' : ` --models ${shellQuote(models)}`;
  const request = (role: 'shadow' | 'canary' | 'activate', options: { readonly share?: number } = {}) => {
    if (isInvokedAsWaymark()) {
      return `waymark models ${role} ${model}@${version}${options.share === undefined ? '' : ` --share ${options.share}`}`;
    }
    const body = JSON.stringify({ version, ...options });
    return `curl ${SERVICE}/models/${model}/${role} -H 'content-type: application/json' -d '${body}'`;
  };
  return [
    { step: 'try', command: asInvoked(`npm run classify -- --model ${model}@${version}${folder} "a text"`) },
    { step: 'shadow', command: request('shadow') },
    { step: 'canary', command: request('canary', { share: CANARY_SHARE }) },
    { step: 'activate', command: request('activate') },
  ];
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

function describeVersions(comparison: VersionComparison, newVersion: string): string[] {
  const { version, method, count } = comparison;
  const [first, second] = [`version ${version}`, `version ${newVersion}`];
  const isHeldOut = method === 'held-out';
  const texts = isHeldOut
    ? `${plural(count, 'held-out text')}`
    : `${plural(count, 'training text')}, where version ${newVersion} did not see the text that it labels`;
  // The other version may have learned the texts, so a figure in its favour proves nothing.
  const proves = isHeldOut || verdictOf(comparison) === 'better';
  const sentence = proves
    ? capitalise(sentenceOf(comparison, first, second))
    : `Version ${version} may have learned these texts, so this does not show that it is better. --test FILE compares on texts that neither has seen.`;
  return [
    `Compared with the active version ${version} on the same ${texts}:`,
    ...describeComparison(comparison, first, second),
    `  ${sentence}`,
  ];
}

const capitalise = (sentence: string) => sentence.charAt(0).toUpperCase() + sentence.slice(1);

function shellQuote(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
