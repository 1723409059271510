import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import {
  ANSWERED_SHARES,
  accuracyByCoverage,
  type CoveragePoint,
  pointsAtShares,
} from '../classifier/statistics/coverage.ts';
import { comparePairs } from '../classifier/statistics/paired-difference.ts';
import type { Model } from '../models/store.ts';
import { evaluateVersions } from '../training/evaluate-versions.ts';
import { measurePrivacy } from '../training/measure-privacy.ts';
import type { ExamplePredictions } from '../training/predict-examples.ts';
import type { DataFiles, Example } from '../training/read-examples.ts';
import { measureRobustness } from '../training/robustness.ts';
import { describeComparison, sentenceOf, verdictOf } from './comparison-report.ts';
import { DATA_HELP, dataOptions, requireOneStandardInput, toDataFiles } from './data-arguments.ts';
import { describeFiles } from './data-report.ts';
import { describeBoth, describeEvaluation, type Report } from './evaluation-report.ts';
import { createDetailsCollector } from './html/evaluation-details.ts';
import { evaluationPage } from './html/evaluation-page.ts';
import { loadVersion } from './model-versions.ts';
import { asInvoked, runCommand, UsageError } from './usage.ts';

const HELP = `Usage: npm run evaluate -- --model NAME[@VERSION] --data FILE [options]
       npm run evaluate -- --compare NAME[@VERSION] NAME[@VERSION] --data FILE [options]

Evaluates a model on labelled texts, or compares two versions on the same texts.

  --model NAME[@VERSION]  the model (default version: the active one)
  --compare A B           two versions: figures side by side, and McNemar's test of the difference
  --data FILE             labelled texts
  --text-field NAME       the field with the text (default: text)
  --label-field NAME      the field with the label (default: label)
  --models DIR            the models folder (default: ./models)
  --robust                also evaluate with seeded changes: typos, case, spacing, leetspeak, zero width characters,
                          look-alike letters, added words, cut, doubled, other punctuation
  --html FILE             write a page with the matrix, the calibration, and the worst mistakes with their texts
  --privacy               also attack the model: guess which texts it learned from (needs --train)
  --train FILE            the data that it learned from
  --json                  print one JSON object instead of tables

${DATA_HELP}
`;

/** Returns a quantile of durations, converted from milliseconds to seconds. */
function quantile(durations: readonly number[], share: number): number {
  const sorted = [...durations].sort((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0) / 1000;
}

function reportOf({ evaluation, durations, correct, observations }: ExamplePredictions): Report {
  return {
    ...evaluation,
    accuracyByCoverage: coverageOf(correct, observations),
    secondsPerText: { p50: quantile(durations, 0.5), p99: quantile(durations, 0.99) },
  };
}

function coverageOf(
  correct: ExamplePredictions['correct'],
  observations: ExamplePredictions['observations'],
): CoveragePoint[] {
  const judged = observations.map(({ confidence }, at) => ({ confidence, count: 1, correct: Number(correct[at]) }));
  return pointsAtShares(accuracyByCoverage(judged), ANSWERED_SHARES);
}

const referenceOf = ({ name, version }: Model) => `${name}@${version}`;

async function evaluateModels(
  models: readonly Model[],
  data: DataFiles,
  onPrediction?: Parameters<typeof evaluateVersions>[3],
): Promise<readonly ExamplePredictions[]> {
  const named = models.map((model) => ({ name: referenceOf(model), classifier: model.classifier }));
  const { files, results } = await evaluateVersions(named, data, () => performance.now(), onPrediction);
  process.stderr.write(`${describeFiles('Data', files).join('\n')}\n`);
  return results;
}

async function evaluateOne(
  model: Model,
  data: DataFiles,
  {
    asJson,
    page,
    isRobust,
    training,
  }: { asJson: boolean; page: string | undefined; isRobust: boolean; training: string | undefined },
): Promise<void> {
  const details = createDetailsCollector();
  const examples: Example[] = [];
  const [result] = await evaluateModels([model], data, (text, [prediction]) => {
    details.add(text, prediction!);
    if (isRobust) examples.push({ text, label: prediction!.actual });
  });
  const privacy =
    training === undefined ? undefined : await measurePrivacy(model.classifier, { ...data, paths: [training] }, data);
  const report: Report = {
    ...reportOf(result!),
    ...(isRobust && { robustness: await measureRobustness(model.classifier, examples) }),
    ...(privacy && { privacy }),
  };
  if (page !== undefined) {
    const content = {
      ...details.finish(),
      model: referenceOf(model),
      data: data.paths.join(', '),
      evaluation: report,
      medianTime: report.secondsPerText.p50,
    };
    await writeFile(page, evaluationPage(content));
    process.stderr.write(`Wrote ${page}\n`);
  }
  process.stdout.write(
    asJson ? `${JSON.stringify(report)}\n` : `${referenceOf(model)}\n\n${describeEvaluation(report)}`,
  );
}

async function compare(models: readonly [Model, Model], data: DataFiles, asJson: boolean): Promise<void> {
  const results = await evaluateModels(models, data);
  const [first, second] = results.map(reportOf) as [Report, Report];
  const names = models.map(referenceOf) as [string, string];
  const comparison = comparePairs(results[0]!.correct, results[1]!.correct);
  if (asJson) {
    const versions = [
      { model: names[0], ...first },
      { model: names[1], ...second },
    ];
    process.stdout.write(
      `${JSON.stringify({ versions, comparison: { ...comparison, verdict: verdictOf(comparison) } })}\n`,
    );
    return;
  }
  const lines = [
    `${names[0]} and ${names[1]} on the same ${comparison.count} texts`,
    '',
    ...describeBoth(first, second, names),
    '',
    ...describeComparison(comparison, names[0], names[1]),
    `  ${sentenceOf(comparison, names[0], names[1])}`,
    '',
  ];
  process.stdout.write(lines.join('\n'));
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      ...dataOptions,
      model: { type: 'string' },
      compare: { type: 'string', multiple: true },
      models: { type: 'string', default: './models' },
      robust: { type: 'boolean', default: false },
      html: { type: 'string' },
      privacy: { type: 'boolean', default: false },
      train: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(asInvoked(HELP));
    return;
  }
  if (values.data === undefined) throw new UsageError('--data is missing');
  if (values.privacy !== (values.train !== undefined)) throw new UsageError('--privacy and --train need each other');
  requireOneStandardInput(values.data);
  const data = toDataFiles(values.data, values);
  if (values.compare === undefined) {
    if (positionals.length > 0) throw new UsageError(`${JSON.stringify(positionals[0])} belongs to no option`);
    const output = { asJson: values.json, page: values.html, isRobust: values.robust, training: values.train };
    await evaluateOne(await loadVersion(values.models, values.model), data, output);
    return;
  }
  if (values.robust) throw new UsageError('--robust and --compare exclude each other');
  if (values.html !== undefined) throw new UsageError('--html and --compare exclude each other');
  const references = [...(values.model === undefined ? [] : [values.model]), ...values.compare, ...positionals];
  const [first, second, ...others] = references;
  if (first === undefined || second === undefined || others.length > 0) {
    throw new UsageError(
      `--compare needs two versions, such as "--compare spam@1 spam@2", and has ${references.length}`,
    );
  }
  const models = [
    await loadVersion(values.models, first, 'compare'),
    await loadVersion(values.models, second, 'compare'),
  ];
  await compare(models as [Model, Model], data, values.json);
}

runCommand('evaluate', main);
