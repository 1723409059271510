import type { Contribution, Scores, Tokens } from '../classifier/scoring/classifier.ts';
import { type AnomalyReason, findAnomalies } from '../classifier/statistics/anomalies.ts';
import type { Model } from '../models/store.ts';
import { classifyNow } from '../runtimes/linear.ts';
import { type DeferredClassifier, isDeferred } from '../runtimes/runtime.ts';
import { bar, columns, percent, printable, shorten } from './terminal.ts';

/** The classification of one text. */
export interface TextAnswer {
  readonly scores: Scores;
  readonly anomalies: readonly AnomalyReason[];
  /** True if the confidence is below the minimum. */
  readonly abstained: boolean;
  /** All contributions, strongest first. Empty without an explanation. */
  readonly explanation: readonly Contribution[];
}

/** Options of one answer. */
interface AnswerOptions {
  readonly explains: boolean;
  readonly minConfidence: number;
}

/** The maximum number of labels with a bar. */
const MAX_LABELS = 10;
const MAX_LABEL_CHARACTERS = 40;
const MAX_TEXT_CHARACTERS = 80;

/**
 * Classifies a text as the service does.
 *
 * @param options `explains` is true if the answer has an explanation. `minConfidence` is the lowest confidence of an answer
 *   that does not abstain.
 * @returns a promise if the model works on another thread
 */
export function classifyText(model: Model, text: string, options: AnswerOptions): TextAnswer | Promise<TextAnswer> {
  const { classifier } = model;
  if (isDeferred(classifier)) return classifyLater(model, classifier, text, options);
  const { tokens, scores } = classifyNow(classifier, text);
  // Explain now, because the next text reuses the buffers of `tokens`.
  return toAnswer(model, text, tokens, scores, options, options.explains ? classifier.explain(tokens, scores) : []);
}

async function classifyLater(
  model: Model,
  classifier: DeferredClassifier,
  text: string,
  options: AnswerOptions,
): Promise<TextAnswer> {
  const { tokens, scores } = await classifier.classify(text);
  return toAnswer(model, text, tokens, scores, options, options.explains ? classifier.explain(text, scores) : []);
}

function toAnswer(
  { manifest }: Model,
  text: string,
  { unknownRatio }: Tokens,
  scores: Scores,
  { minConfidence }: AnswerOptions,
  explanation: readonly Contribution[],
): TextAnswer {
  const { label, confidence } = scores;
  const observation = { label, confidence, characters: text.length, unknownRatio };
  const anomalies = findAnomalies(observation, manifest.thresholds);
  return { scores, anomalies, abstained: confidence < minConfidence, explanation };
}

/**
 * Returns an answer as `POST /predict` gives it, without the ids.
 *
 * @param features the number of features in the explanation
 */
export function toAnswerJson(
  { name, version, classifier }: Model,
  { scores, anomalies, abstained, explanation }: TextAnswer,
  features: number,
): string {
  // Written by hand: an object would order labels that are numbers, and has no label "__proto__".
  const shares = classifier.labels.map((label, at) => `${JSON.stringify(label)}:${scores.probabilities[at]}`);
  const fields =
    `"prediction":${JSON.stringify(scores.label)},"confidence":${scores.confidence},"scores":{${shares.join()}},` +
    `"anomalies":${JSON.stringify(anomalies)},"model":${JSON.stringify({ name, version })}${abstained ? ',"abstained":true' : ''}`;
  return features > 0 ? `{${fields},"explanation":${JSON.stringify(explanation.slice(0, features))}}` : `{${fields}}`;
}

/**
 * Describes an answer for a terminal: the label, a bar for each label, and the words that decided.
 *
 * @param features the number of words in the explanation
 */
export function describeAnswer({ name, version, classifier }: Model, answer: TextAnswer, features: number): string {
  const { scores, anomalies, abstained, explanation } = answer;
  const byShare = [...classifier.labels.keys()].sort((a, b) => scores.probabilities[b]! - scores.probabilities[a]!);
  const rows = byShare.slice(0, MAX_LABELS).map((at) => {
    const share = scores.probabilities[at]!;
    return [labelName(classifier.labels[at]!), bar(share), percent(share)];
  });
  const others = byShare.slice(MAX_LABELS).reduce((sum, at) => sum + scores.probabilities[at]!, 0);
  const second = classifier.labels[byShare[1]!]!;
  return [
    `${labelName(scores.label)}  ${percent(scores.confidence)}  (${name}@${version})`,
    ...(abstained ? ['Abstained: the confidence is below the minimum, so a person should decide.'] : []),
    '',
    ...columns(rows, 2),
    ...(byShare.length > MAX_LABELS
      ? [`  and ${byShare.length - MAX_LABELS} other labels with ${percent(others)}`]
      : []),
    ...(features > 0
      ? [
          '',
          `Words that decided for ${labelName(scores.label)} (+) or ${labelName(second)} (−), in log-odds`,
          ...columns(describeContributions(explanation, features)),
        ]
      : []),
    ...(anomalies.length > 0 ? ['', `Unusual for this model: ${anomalies.join(', ')}`] : []),
    '',
  ].join('\n');
}

/** Returns the strongest words, and sums of the other contributions, so that all add up to the log-odds. */
function describeContributions(explanation: readonly Contribution[], features: number): string[][] {
  const isPart = ({ feature }: Contribution) => /^\[.+\]$/s.test(feature);
  const words = explanation.filter((contribution) => !isPart(contribution));
  const rest = words.slice(features);
  const parts = explanation.filter(isPart);
  const sumOf = (contributions: readonly Contribution[]) => contributions.reduce((sum, { weight }) => sum + weight, 0);
  return [
    ...words.slice(0, features).map(({ feature, weight }) => [printable(feature), signed(weight)]),
    ...(rest.length > 0 ? [[`(${rest.length} others)`, signed(sumOf(rest))]] : []),
    ...(parts.length > 0 ? [['(parts of words)', signed(sumOf(parts))]] : []),
  ];
}

function signed(weight: number): string {
  return `${weight < 0 ? '−' : '+'}${Math.abs(weight).toFixed(2)}`;
}

/** Describes an answer in one line, for many texts. */
export function describeInLine(text: string, { scores, abstained }: TextAnswer, labelWidth: number): string {
  const label = labelName(scores.label).padEnd(Math.min(labelWidth, MAX_LABEL_CHARACTERS));
  const mark = abstained ? 'abstained  ' : '';
  return `${label}  ${percent(scores.confidence).padStart(8)}  ${mark}${printable(shorten(text, MAX_TEXT_CHARACTERS))}`;
}

function labelName(label: string): string {
  return printable(shorten(label, MAX_LABEL_CHARACTERS));
}
