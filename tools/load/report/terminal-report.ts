import type { LoadResult } from '../scenarios/result.ts';
import { outcomeOf } from '../scenarios/thresholds.ts';
import { type Table, tablesOf } from './tables.ts';

/** Returns the text to print at the end of a run. */
export function terminalReport(result: LoadResult): string {
  const { scenario, target, data, checks, notes, versions } = result;
  const answeredBy = versions.map(({ version }) => version).join(', ');
  return [
    `${scenario} on ${target} with ${data.texts} texts (${data.name}): ${verdictOf(result)}`,
    ...(answeredBy === '' ? [] : [`Answered by ${answeredBy}`]),
    ...tablesOf(result).map(layOut),
    ['Checks', ...checks.map((check) => `  ${outcomeOf(check).sign} ${check.message}`)].join('\n'),
    ...(notes.length > 0 ? [['Notes', ...notes.map((note) => `  ${note}`)].join('\n')] : []),
    '',
  ].join('\n\n');
}

/** Returns the verdict on a run in one word. */
export function verdictOf(result: Pick<LoadResult, 'passed' | 'interrupted' | 'measuredOnly'>): string {
  if (result.interrupted) return 'STOPPED';
  if (!result.passed) return 'FAILED';
  return result.measuredOnly ? 'MEASURED' : 'PASSED';
}

function layOut({ title, head, rows, textColumns, note }: Table): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const lines = all.map((row) =>
    row.map((cell, at) => (at < textColumns ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  '),
  );
  return [title, ...lines.map((line) => `  ${line.trimEnd()}`), ...(note === undefined ? [] : [`  ${note}`])].join(
    '\n',
  );
}
