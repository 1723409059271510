import type { ConfusionMatrix } from '../../classifier/statistics/confusion-matrix.ts';
import type { CoveragePoint } from '../../classifier/statistics/coverage.ts';
import type { Evaluation } from '../../classifier/statistics/evaluation.ts';
import { COVERAGE_STYLE, coverageSection } from './coverage-section.ts';
import type { CalibrationBin, EvaluationDetails, Mistake } from './evaluation-details.ts';
import { escapeHtml, percent, reportPage, table, tiles } from './report-page.ts';

/** The content of the page. */
export interface EvaluationPage extends EvaluationDetails {
  /** NAME@VERSION. */
  readonly model: string;
  /** A description of the data. */
  readonly data: string;
  readonly evaluation: Evaluation & { readonly accuracyByCoverage: readonly CoveragePoint[] };
  /** In seconds. */
  readonly medianTime: number;
}

/** The maximum number of labels in the matrix. */
const MAX_MATRIX_LABELS = 20;

/** The maximum number of labels whose names are written level above the columns. */
const MAX_LEVEL_LABELS = 6;

const STYLE = `
.matrix{width:auto}
.matrix td,.matrix th{padding:4px 8px;text-align:center;white-space:nowrap;vertical-align:bottom}
.matrix tr>th:first-child{position:sticky;left:0;max-width:14em;overflow:hidden;text-overflow:ellipsis;background:var(--card);text-align:left}
.matrix .upright{writing-mode:vertical-rl;transform:rotate(180deg);text-align:left;max-height:14em;overflow:hidden;text-overflow:ellipsis}
.matrix .right{background:color-mix(in srgb,var(--good) var(--share),transparent)}
.matrix .wrong{background:color-mix(in srgb,var(--bad) var(--share),transparent)}
.mistakes td:last-child{overflow-wrap:anywhere}
.calibration{display:block;max-width:420px;width:100%;height:auto;font-size:11px}
.calibration text{fill:var(--faint)}.calibration .axis{stroke:var(--rule)}.calibration .ideal{stroke:var(--faint);stroke-dasharray:4 4}
.calibration{--series:#0072b2}.calibration rect{fill:var(--series)}
@media (prefers-color-scheme:dark){.calibration{--series:#56b4e9}}
${COVERAGE_STYLE}`;

/** Returns an evaluation as an HTML page that needs no script and loads no other file. It quotes texts of the data. */
export function evaluationPage(page: EvaluationPage): string {
  const { model, data, evaluation, bins, mistakes } = page;
  const title = `Evaluation of ${model}`;
  const body = `<header><h1>${escapeHtml(title)}</h1><p>${escapeHtml(data)}</p></header>
${tiles(figures(page))}
${section('Confusion matrix', matrix(evaluation.confusionMatrix))}
${section('Calibration', calibration(bins))}
${section('Accuracy by coverage', coverageSection(evaluation.accuracyByCoverage))}
${section('Labels', labels(evaluation))}
${section('Worst mistakes', worst(mistakes))}`;
  return reportPage(title, body, STYLE);
}

function figures({ evaluation, medianTime }: EvaluationPage): [string, string][] {
  const { accuracy, macro, logLoss, expectedCalibrationError, count } = evaluation;
  return [
    ['accuracy', percent(accuracy)],
    ['macro F1', percent(macro.f1)],
    ['log loss', logLoss.toFixed(3)],
    ['calibration error', expectedCalibrationError.toFixed(3)],
    ['texts', String(count)],
    ['per text, p50', `${(medianTime * 1e6).toFixed(0)} µs`],
  ];
}

function matrix({ labels: all, counts }: ConfusionMatrix): string {
  const mistakesOf = (at: number) =>
    all.reduce((sum, _, other) => (other === at ? sum : sum + counts[at]![other]! + counts[other]![at]!), 0);
  const shown = [...all.keys()]
    .sort((a, b) => mistakesOf(b) - mistakesOf(a) || a - b)
    .slice(0, MAX_MATRIX_LABELS)
    .sort((a, b) => a - b);
  const rows = shown.map((actual) => {
    const support = counts[actual]!.reduce((sum, count) => sum + count, 0);
    const cells = shown.map((predicted) => {
      const count = counts[actual]![predicted]!;
      if (count === 0) return '<td>·</td>';
      // A few mistakes must be visible beside many correct predictions.
      const share = Math.round(15 + 65 * Math.sqrt(count / support));
      return `<td class="${actual === predicted ? 'right' : 'wrong'}" style="--share:${share}%">${count}</td>`;
    });
    return `<tr><th>${escapeHtml(all[actual]!)}</th>${cells.join('')}</tr>`;
  });
  const isWide = shown.length > MAX_LEVEL_LABELS;
  const head = shown.map((at) => `<th${isWide ? ' class="upright"' : ''}>${escapeHtml(all[at]!)}</th>`).join('');
  const note = shown.length < all.length ? ` The ${shown.length} labels with the most mistakes, of ${all.length}.` : '';
  return `<div class="wide" tabindex="0"><table class="matrix"><thead><tr><th>actual ↓ predicted →</th>${head}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div><p class="faint">Rows are actual labels, columns are predicted ones.${note}</p>`;
}

/** Draws the accuracy of each range of confidence as a bar, and the ideal as a line. */
function calibration(bins: readonly CalibrationBin[]): string {
  const [left, top, size] = [48, 8, 240];
  const x = (share: number) => (left + share * size * 1.5).toFixed(1);
  const y = (share: number) => (top + (1 - share) * size).toFixed(1);
  const bars = bins.map(
    ({ from, to, accuracy }) =>
      `<rect x="${x(from + 0.01)}" y="${y(accuracy)}" width="${((to - from - 0.02) * size * 1.5).toFixed(1)}" height="${(accuracy * size).toFixed(1)}"/>`,
  );
  const ticks = [0, 0.5, 1].map(
    (share) =>
      `<text x="${left - 6}" y="${y(share)}" text-anchor="end" dominant-baseline="middle">${share * 100} %</text>` +
      `<text x="${x(share)}" y="${top + size + 16}" text-anchor="middle">${share * 100} %</text>`,
  );
  const svg = `<svg class="calibration" viewBox="0 0 432 272" role="img"><title>Accuracy by confidence</title>${bars.join('')}
<path class="axis" fill="none" d="M${x(0)} ${y(1)}V${y(0)}H${x(1)}"/><path class="ideal" d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}"/>${ticks.join('')}</svg>`;
  const rows = bins.map(({ from, to, count, meanConfidence, accuracy }) => [
    `${Math.round(from * 100)} to ${Math.round(to * 100)} %`,
    String(count),
    percent(meanConfidence),
    percent(accuracy),
  ]);
  return `${svg}${table(['confidence', 'texts', 'mean confidence', 'accuracy'], rows)}
<p class="faint">The bars are the accuracy in each range of confidence. With perfect calibration they reach the dashed line.</p>`;
}

function labels({ labels: all }: Evaluation): string {
  const rows = Object.entries(all).map(([label, { precision, recall, f1, support }]) => [
    label,
    ...[precision, recall, f1].map(percent),
    String(support),
  ]);
  return table(['label', 'precision', 'recall', 'F1', 'support'], rows);
}

function worst(mistakes: readonly Mistake[]): string {
  if (mistakes.length === 0) return '<p>None.</p>';
  const rows = mistakes.map(
    ({ text, actual, predicted, confidence }) =>
      `<tr><td class="number">${percent(confidence)}</td><td>${escapeHtml(actual)}</td><td>${escapeHtml(predicted)}</td><td>${escapeHtml(text)}</td></tr>`,
  );
  return `<div class="wide" tabindex="0"><table class="mistakes"><thead><tr><th class="number">confidence</th><th>actual</th><th>predicted</th><th>text</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>`;
}

function section(title: string, content: string): string {
  return `<section><h2>${title}</h2>${content}</section>`;
}
