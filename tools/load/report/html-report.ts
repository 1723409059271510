import { escapeHtml, reportPage, table, tiles } from '../../../src/cli/html/report-page.ts';
import type { LoadResult } from '../scenarios/result.ts';
import { format, outcomeOf } from '../scenarios/thresholds.ts';
import { chartsOf } from './report-charts.ts';
import { type Table, tablesOf } from './tables.ts';
import { verdictOf } from './terminal-report.ts';

/** Returns the report as an HTML page that needs no script and loads no other file. */
export function htmlReport(result: LoadResult): string {
  const { scenario, target, started } = result;
  const verdict = verdictOf(result);
  const title = `${scenario} on ${target}`;
  const body = `<header class="${verdict.toLowerCase()}">
<p class="verdict">${verdict}</p>
<h1>${escapeHtml(scenario)}</h1>
<p>${escapeHtml(target)}, ${escapeHtml(started.slice(0, 19).replace('T', ' '))} UTC, ${format(result.seconds)} s</p>
</header>
${tiles(figures(result))}
<section><h2>Checks</h2>${checks(result)}</section>
${notes(result)}
<section><h2>Over time</h2>${chartsOf(result)
    .map((svg) => `<figure tabindex="0">${svg}</figure>`)
    .join('\n')}</section>
${tablesOf(result).map(section).join('\n')}
${section(conditions(result))}`;
  return reportPage(`${verdict}: ${title}`, body);
}

/** Returns the most important numbers. */
function figures({ checkedPhases, knee, accuracy, recovery }: LoadResult): [string, string][] {
  const p99 = Math.max(...checkedPhases.map(({ latency }) => latency?.p99 ?? Number.NaN));
  const p50 = Math.max(...checkedPhases.map(({ latency }) => latency?.p50 ?? Number.NaN));
  const failed = checkedPhases.reduce((sum, phase) => sum + phase.failed, 0);
  const all: [string, string][] = [
    ...(knee === null || knee === undefined
      ? []
      : [['knee', knee.rate === null ? 'none' : `${format(knee.rate)}/s`] as [string, string]]),
    ['answered', `${format(Math.max(0, ...checkedPhases.map(({ perSecond }) => perSecond)))}/s`],
    ['p50', `${format(p50)} ms`],
    ['p99', `${format(p99)} ms`],
    ['errors', format(failed)],
  ];
  if (accuracy.ratio !== null) all.push(['accuracy', `${(accuracy.ratio * 100).toFixed(2)} %`]);
  if (recovery != null) all.push(['recovery', recovery.seconds === null ? 'none' : `${format(recovery.seconds)} s`]);
  return all;
}

function checks({ checks }: LoadResult): string {
  const rows = checks.map((check) => {
    const { sign, word } = outcomeOf(check);
    const explanation = check.passed ? '' : `<p>${escapeHtml(check.message)}</p>`;
    return (
      `<tr class="${word.replace(' ', '-')}"><td>${sign} ${word}</td><td>${escapeHtml(check.name)}</td>` +
      `<td>${escapeHtml(check.limit)}</td><td>${escapeHtml(check.value)}${explanation}</td></tr>`
    );
  });
  const head = '<tr><th>outcome</th><th>check</th><th>limit</th><th>value</th></tr>';
  return `<div class="wide" tabindex="0"><table class="checks"><thead>${head}</thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function notes({ notes }: LoadResult): string {
  if (notes.length === 0) return '';
  return `<section class="notes"><h2>Notes</h2><ul>${notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('')}</ul></section>`;
}

function section({ title, head, rows, textColumns, note, linkColumn }: Table): string {
  return `<section><h2>${escapeHtml(title)}</h2>${table(head, rows, textColumns, linkColumn)}${
    note === undefined ? '' : `<p class="faint">${escapeHtml(note)}</p>`
  }</section>`;
}

/** Returns the conditions of the run as a table. */
function conditions({ data, settings, generator, machine, versions, metrics, seconds }: LoadResult): Table {
  const { loadLevel } = settings;
  const rows = [
    [
      'load',
      'rate' in loadLevel
        ? `open loop, ${format(loadLevel.rate)}/s`
        : `closed loop, ${loadLevel.connections} connections`,
    ],
    [
      'data',
      `${data.name}: ${data.texts} texts of ${format(data.meanCharacters)} characters on average, ${data.labelled} with a label`,
    ],
    ['marked as synthetic', settings.synthetic ? 'yes' : 'no'],
    ['model', settings.model ?? 'the default of the service'],
    ['answered by', versions.map(({ version, answers }) => `${version} (${format(answers)})`).join(', ')],
    ['timeout', `${format(settings.timeoutMs / 1_000)} s`],
    ['metrics', metrics.problem ?? metrics.url],
    [
      'load generator',
      `Node ${generator.node}, ${format(generator.used)} of ${generator.cores} cores used over ${format(seconds)} s`,
    ],
    [
      'machine',
      `${machine.cpu}, ${machine.cores} cores, ${format(machine.memoryBytes / 2 ** 30)} GiB, ${machine.system}; load ${format(machine.load.before)} before and ${format(machine.load.after)} after the run${machine.sharedWithTarget ? '; the service runs on it too' : ''}`,
    ],
  ];
  return { title: 'Conditions', head: ['condition', 'value'], rows, textColumns: 2 };
}
