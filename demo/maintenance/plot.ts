import { type LineSeries, lineChart } from '../../tools/charts/line-chart.ts';
import type { Event } from './timeline.ts';
import type { LabelledAnswer } from './traffic.ts';

/** The number of answers for a point of the line, and the minimum number for a mean. */
const ROLLING_ANSWERS = 100;

/** The labels of the events that change the kind of mail or the active version. A new mean starts at each of them. */
const TURNING_POINT = /^(?:new kinds|active|bad version|rolled back)/;

/**
 * Draws the accuracy over time: that of the last answers, and the mean between two turning points, with the events.
 *
 * @param startedAt the start of the time axis, in milliseconds since 1970
 * @returns the plot as SVG
 */
export function plot(answers: readonly LabelledAnswer[], events: readonly Event[], startedAt: number): string {
  const seconds = (at: number) => (at - startedAt) / 1_000;
  const ordered = answers.toSorted((a, b) => a.at - b.at);
  const rolling: [number, number][] = [];
  for (let end = ROLLING_ANSWERS; end <= ordered.length; end += 5) {
    const last = ordered.slice(end - ROLLING_ANSWERS, end);
    rolling.push([seconds(last.at(-1)!.at), accuracyOf(last)]);
  }
  const from = rolling[0]?.[0] ?? 0;
  const to = rolling.at(-1)?.[0] ?? 1;
  const means: [number, number | null][] = [];
  const bounds = [
    startedAt,
    ...events.filter(({ label }) => TURNING_POINT.test(label)).map(({ at }) => at),
    Date.now(),
  ];
  for (const [index, start] of bounds.slice(0, -1).entries()) {
    const end = bounds[index + 1]!;
    const between = ordered.filter(({ at }) => at >= start && at < end);
    const mean = between.length < ROLLING_ANSWERS ? null : accuracyOf(between);
    means.push([Math.max(from, seconds(start)), mean], [Math.min(to, seconds(end)), mean]);
    means.push([Math.min(to, seconds(end)), null]);
  }
  const series: LineSeries[] = [
    { name: `last ${ROLLING_ANSWERS} answers`, points: rolling },
    { name: 'mean', points: means, dashed: true },
  ];
  return lineChart({
    title: 'Accuracy of the answers',
    series,
    x: { kind: 'value', name: 'seconds', min: Math.floor(from), max: Math.ceil(to) },
    y: {
      min: Math.floor(Math.min(0.9, ...rolling.map(([, share]) => share)) * 10) / 10,
      max: 1,
      format: (value) => `${Math.round(value * 100)} %`,
    },
    events: events.map(({ at, label }) => ({ at: seconds(at), label })),
    height: 380,
  });
}

function accuracyOf(answers: readonly LabelledAnswer[]): number {
  return answers.filter(({ correct }) => correct).length / answers.length;
}
