import { parseArgs } from 'node:util';
import { readArtefact } from '../artefacts/artefact.ts';
import type { Evaluation } from '../classifier/statistics/evaluation.ts';
import { predictFile } from '../training/predict-examples.ts';
import { runCommand, UsageError } from './usage.ts';
import { findVersion } from './version-folder.ts';

const HELP = `Usage: npm run evaluate -- --model NAME[@VERSION] --data FILE [options]

Evaluates a model on labelled texts.

  --model NAME[@VERSION]  the model (default version: the latest)
  --data FILE             JSON Lines of {"text", "label"}
  --models DIR            the models folder (default: ./models)
  --json                  print one JSON object instead of a table
`;

/** The output of the command with `--json`. */
interface Report extends Evaluation {
  /** The time for tokenising and scoring one text, in seconds. */
  readonly secondsPerText: { readonly p50: number; readonly p99: number };
}

/** Returns a quantile of durations, converted from milliseconds to seconds. */
function quantile(durations: readonly number[], share: number): number {
  const sorted = [...durations].sort((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0) / 1000;
}

function table(report: Report): string {
  const number = (value: number) => value.toFixed(4).padStart(10);
  const row = (name: string, { precision, recall, f1 }: Evaluation['macro'], support: number) =>
    `${name.padEnd(width)}${number(precision)}${number(recall)}${number(f1)}${String(support).padStart(10)}`;
  const width = Math.max(12, ...Object.keys(report.labels).map((label) => label.length + 2));
  const { labels, counts } = report.confusionMatrix;
  const mistakes = labels
    .flatMap((actual, a) => labels.map((predicted, p) => ({ actual, predicted, count: counts[a]![p]! })))
    .filter(({ actual, predicted, count }) => actual !== predicted && count > 0)
    .sort((a, b) => b.count - a.count);
  return [
    `${''.padEnd(width)}${['precision', 'recall', 'f1', 'support'].map((head) => head.padStart(10)).join('')}`,
    ...Object.entries(report.labels).map(([label, quality]) => row(label, quality, quality.support)),
    row('macro', report.macro, report.count),
    row('micro', report.micro, report.count),
    '',
    `accuracy ${report.accuracy.toFixed(4)}, log loss ${report.logLoss.toFixed(4)}, calibration error ${report.expectedCalibrationError.toFixed(4)}`,
    `per text: p50 ${(report.secondsPerText.p50 * 1e6).toFixed(0)} µs, p99 ${(report.secondsPerText.p99 * 1e6).toFixed(0)} µs`,
    ...(mistakes.length > 0 ? ['', 'most frequent mistakes'] : []),
    ...mistakes.slice(0, 10).map(({ actual, predicted, count }) => `  ${count} ${actual} classified as ${predicted}`),
    '',
  ].join('\n');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string' },
      data: { type: 'string' },
      models: { type: 'string', default: './models' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (values.data === undefined) throw new UsageError('--data is missing');
  const { folder } = await findVersion(values.models, values.model);
  const { classifier } = await readArtefact(folder);
  const { evaluation, durations } = await predictFile(classifier, values.data, () => performance.now());
  const secondsPerText = { p50: quantile(durations, 0.5), p99: quantile(durations, 0.99) };
  const report: Report = { ...evaluation, secondsPerText };
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : table(report));
}

runCommand('evaluate', main);
