import type { DataFile } from '../datasets/read-rows.ts';
import type { TrainingData } from '../training/training-job.ts';
import { bar, columns, count, percent, printable, shorten } from './terminal.ts';

/** The maximum number of labels that are listed. */
const MAX_LABELS = 20;
const MAX_LABEL_CHARACTERS = 40;
const BAR_WIDTH = 20;

/** Describes the data of a training: the files, the labels with their counts, and the warnings. */
export function describeData({ files, testFiles, summary }: TrainingData): string {
  const { labels, examples, warnings } = summary;
  const listed = labels.slice(0, MAX_LABELS);
  const rows = listed.map((row) => [
    printable(shorten(row.label, MAX_LABEL_CHARACTERS)),
    count(row.count),
    percent(row.count / examples),
    bar(row.count / (labels[0]?.count ?? 1), BAR_WIDTH),
  ]);
  const others = labels.slice(MAX_LABELS);
  return [
    ...describeFiles('Data', files),
    ...describeFiles('Test', testFiles),
    ...(labels.length > 0 ? [`Labels: ${count(labels.length)}, with ${count(examples)} examples`] : []),
    ...columns(rows),
    ...(others.length > 0 ? [`  and ${count(others.length)} labels with at most ${count(others[0]!.count)}`] : []),
    ...describeWarnings(warnings),
    '',
  ].join('\n');
}

/** Returns one line for each file, with its format, encoding and number of rows. */
export function describeFiles(heading: string, files: readonly DataFile[]): string[] {
  return files.map((file) => `${heading}: ${file.name}: ${describeFile(file)}`);
}

/** Returns one line for each warning. */
function describeWarnings(warnings: TrainingData['summary']['warnings']): string[] {
  return warnings.map(({ message }) => `Warning: ${printable(message)}`);
}

function describeFile({ format, delimiter, encoding, hasByteOrderMark, isCompressed, rows }: DataFile): string {
  const parts = [
    delimiter === undefined ? format : `${format} separated by ${delimiter === '\t' ? 'tabs' : `"${delimiter}"`}`,
    ...(isCompressed ? ['compressed by gzip'] : []),
    ...(encoding !== 'UTF-8' || hasByteOrderMark
      ? [`${encoding}${hasByteOrderMark ? ' with a byte order mark' : ' without a byte order mark'}`]
      : []),
    `${count(rows)} rows`,
  ];
  return parts.join(', ');
}
