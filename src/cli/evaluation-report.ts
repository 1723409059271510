import { type ConfusionMatrix, sum } from '../classifier/statistics/confusion-matrix.ts';
import { type CoveragePoint, pointsAtShares } from '../classifier/statistics/coverage.ts';
import type { Evaluation } from '../classifier/statistics/evaluation.ts';
import type { MembershipInference } from '../classifier/statistics/membership-inference.ts';
import { type Robustness, robustnessTable } from '../training/robustness.ts';
import { columns, count, percent, printable, shorten } from './terminal.ts';

/** The output of `evaluate --json`. */
export interface Report extends Evaluation {
  /** The accuracy with a minimum for the confidence: at shares of 100 %, 95 % and so on, as far as the confidences differ. */
  readonly accuracyByCoverage: readonly CoveragePoint[];
  /** The time for tokenising and scoring one text, in seconds, after a warm-up. */
  readonly secondsPerText: { readonly p50: number; readonly p99: number };
  /** Present with `--privacy`. */
  readonly privacy?: MembershipInference;
  /** The figures of changed texts, with --robust. */
  readonly robustness?: Robustness;
}

/** The maximum number of labels in the confusion matrix: more do not fit on a terminal. */
const MAX_MATRIX_LABELS = 10;
const MAX_COLUMN_CHARACTERS = 10;
const MAX_LABEL_CHARACTERS = 32;
const MAX_MISTAKES = 10;

/** Describes an evaluation for a terminal. */
export function describeEvaluation(report: Report): string {
  const row = (name: string, { precision, recall, f1 }: Evaluation['macro'], support: number) => [
    nameOf(name),
    ...[precision, recall, f1].map((value) => value.toFixed(4)),
    count(support),
  ];
  const { accuracy, logLoss, expectedCalibrationError, secondsPerText, confusionMatrix } = report;
  const table = [
    ['', 'precision', 'recall', 'f1', 'support'],
    ...Object.entries(report.labels).map(([label, quality]) => row(label, quality, quality.support)),
    row('macro', report.macro, report.count),
    row('micro', report.micro, report.count),
  ];
  return [
    ...columns(table).map((line) => line.slice(2)),
    '',
    `accuracy ${accuracy.toFixed(4)}, log loss ${logLoss.toFixed(4)}, calibration error ${expectedCalibrationError.toFixed(4)}`,
    `per text: p50 ${microseconds(secondsPerText.p50)}, p99 ${microseconds(secondsPerText.p99)}`,
    ...(report.privacy ? [describePrivacy(report.privacy)] : []),
    '',
    ...describeCoverage(report.accuracyByCoverage),
    ...describeMatrix(confusionMatrix),
    ...describeMistakes(confusionMatrix),
    ...(report.robustness ? ['', ...robustnessTable(report.robustness)] : []),
    '',
  ].join('\n');
}

/** The shares of answered texts that the table has. */
const SHOWN_SHARES = [1, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5];

/** Returns the accuracy that remains if texts below a confidence are left to a person. */
function describeCoverage(points: readonly CoveragePoint[]): string[] {
  const shown = pointsAtShares(points, SHOWN_SHARES);
  // With the same confidence for all texts each minimum keeps all or none.
  if (shown.length < 2) return [];
  const rows = shown.map(({ minConfidence, coverage, count: answered, accuracy, interval }) => [
    percent(coverage),
    // A rounded-up minimum would leave out the texts that have exactly this confidence.
    (Math.floor(minConfidence * 1e4) / 1e4).toFixed(4),
    percent(accuracy),
    `${percent(interval.low)} to ${percent(interval.high)}`,
    count(answered),
  ]);
  return [
    'Accuracy by coverage: what remains if texts below a confidence are left to a person (--min-confidence)',
    ...columns([['answered', 'from confidence', 'accuracy', '95 % interval', 'texts'], ...rows], 0),
    '',
  ];
}

/** Returns the confusion matrix. Of many labels it has those with the most mistakes. */
function describeMatrix({ labels, counts }: ConfusionMatrix): string[] {
  const mistakesOf = (at: number) =>
    labels.reduce((sum, _, other) => (other === at ? sum : sum + counts[at]![other]! + counts[other]![at]!), 0);
  const shown = [...labels.keys()]
    .sort((a, b) => mistakesOf(b) - mistakesOf(a) || a - b)
    .slice(0, MAX_MATRIX_LABELS)
    .sort((a, b) => a - b);
  const isWhole = shown.length === labels.length;
  const names = shown.map((at) => nameOf(labels[at]!));
  // Columns with long names would not fit on a terminal, so they have the numbers of their rows.
  const isNumbered = names.some((name) => name.length > MAX_COLUMN_CHARACTERS);
  const numbers = shown.map((_, at) => String(at + 1));
  const rows = shown.map((actual, at) => {
    const cells = shown.map((predicted) => counts[actual]![predicted]!);
    const rest = sum(counts[actual]!) - sum(cells);
    const values = [...cells, ...(isWhole ? [] : [rest])].map((value) => (value === 0 ? '·' : count(value)));
    return [names[at]!, ...(isNumbered ? [numbers[at]!] : []), ...values];
  });
  const head = ['', ...(isNumbered ? ['', ...numbers] : names), ...(isWhole ? [] : ['others'])];
  const title = isWhole
    ? ''
    : ` of the ${shown.length} labels with the most mistakes (of ${labels.length}; --json has all)`;
  return [`Confusion matrix${title}: actual labels in rows, predicted ones in columns`, ...columns([head, ...rows])];
}

/** Returns the labels that are taken for each other most often. */
function describeMistakes({ labels, counts }: ConfusionMatrix): string[] {
  const supports = counts.map(sum);
  const mistakes = labels
    .flatMap((actual, a) =>
      labels.map((predicted, p) => ({ actual, predicted, count: counts[a]![p]!, support: supports[a]! })),
    )
    .filter(({ actual, predicted, count: times }) => actual !== predicted && times > 0)
    .sort((a, b) => b.count - a.count);
  if (mistakes.length === 0) return [];
  const rows = mistakes
    .slice(0, MAX_MISTAKES)
    .map((mistake) => [
      `${nameOf(mistake.actual)} classified as ${nameOf(mistake.predicted)}`,
      count(mistake.count),
      percent(mistake.count / mistake.support),
    ]);
  return ['', 'Most frequent mistakes, and their share of the texts with the actual label', ...columns(rows)];
}

/** Returns two evaluations side by side. */
export function describeBoth(first: Report, second: Report, names: readonly [string, string]): string[] {
  const figures: [string, (report: Report) => string][] = [
    ['accuracy', ({ accuracy }) => accuracy.toFixed(4)],
    ['macro precision', ({ macro }) => macro.precision.toFixed(4)],
    ['macro recall', ({ macro }) => macro.recall.toFixed(4)],
    ['macro f1', ({ macro }) => macro.f1.toFixed(4)],
    ['log loss', ({ logLoss }) => logLoss.toFixed(4)],
    ['calibration error', ({ expectedCalibrationError }) => expectedCalibrationError.toFixed(4)],
    ['per text, p50', ({ secondsPerText }) => microseconds(secondsPerText.p50)],
    ['per text, p99', ({ secondsPerText }) => microseconds(secondsPerText.p99)],
  ];
  return columns([['', ...names], ...figures.map(([name, of]) => [name, of(first), of(second)])]);
}

const nameOf = (label: string) => printable(shorten(label, MAX_LABEL_CHARACTERS));

function microseconds(seconds: number): string {
  return `${(seconds * 1e6).toFixed(0)} µs`;
}

function describePrivacy({ auc, truePositives, falsePositives, members, nonMembers }: MembershipInference): string {
  const found = `${(100 * truePositives).toFixed(2)} % of ${members} training texts`;
  return `loss attack: AUC ${auc.toFixed(4)} (chance 0.5), finds ${found} with ${100 * falsePositives} % false ones of ${nonMembers}`;
}
