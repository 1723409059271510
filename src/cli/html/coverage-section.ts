import type { CoveragePoint } from '../../classifier/statistics/coverage.ts';
import { percent, table } from './report-page.ts';

/** The rules of the chart, beside those of a chart of calibration. */
export const COVERAGE_STYLE = `
.coverage .line{fill:none;stroke:var(--series);stroke-width:2}.coverage .band{fill:var(--series);fill-opacity:.18}
`;

const [LEFT, TOP, WIDTH, HEIGHT] = [56, 8, 352, 240];

/** Draws the accuracy against the share of texts that are answered, as a line with its 95 % interval, and as a table. */
export function coverageSection(points: readonly CoveragePoint[]): string {
  if (points.length < 2) return '<p>All texts have the same confidence.</p>';
  const lowest = Math.floor(Math.min(...points.map(({ interval }) => interval.low)) * 20) / 20;
  const x = (share: number) => (LEFT + share * WIDTH).toFixed(1);
  const y = (share: number) => (TOP + ((1 - share) / (1 - lowest || 1)) * HEIGHT).toFixed(1);
  const along = (height: (point: CoveragePoint) => number, order: readonly CoveragePoint[]) =>
    order.map((point) => `${x(point.coverage)} ${y(height(point))}`).join('L');
  const band = `M${along(({ interval }) => interval.high, points)}L${along(({ interval }) => interval.low, points.toReversed())}Z`;
  const ticks = [0, 0.5, 1].map((share) => {
    const accuracy = lowest + share * (1 - lowest);
    return (
      `<text x="${LEFT - 6}" y="${y(accuracy)}" text-anchor="end" dominant-baseline="middle">${percent(accuracy)}</text>` +
      `<text x="${x(share)}" y="${TOP + HEIGHT + 16}" text-anchor="middle">${share * 100} %</text>`
    );
  });
  const svg = `<svg class="calibration coverage" viewBox="0 0 432 272" role="img"><title>Accuracy by share of answered texts</title>
<path class="band" d="${band}"/><path class="line" d="M${along(({ accuracy }) => accuracy, points)}"/>
<path class="axis" fill="none" d="M${x(0)} ${y(1)}V${y(lowest)}H${x(1)}"/>${ticks.join('')}</svg>`;
  const rows = points.map(({ minConfidence, coverage, count, accuracy, interval }) => [
    percent(coverage),
    // Rounded down: the texts with exactly this confidence are answered.
    (Math.floor(minConfidence * 1e4) / 1e4).toFixed(4),
    percent(accuracy),
    `${percent(interval.low)} to ${percent(interval.high)}`,
    String(count),
  ]);
  return `${svg}${table(['answered', 'from confidence', 'accuracy', '95 % interval', 'texts'], rows)}
<p class="faint">The accuracy of the texts that are answered, if those below a confidence are left to a person: <code>minConfidence</code> of a request or of the policy.</p>`;
}
