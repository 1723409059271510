import { type LineSeries, lineChart } from '../../tools/charts/line-chart.ts';
import type { Event } from './timeline.ts';
import type { Judged } from './traffic.ts';

/** How many answers one point of the line is made of, and a mean at least. */
const rollingAnswers = 100;

/** Where one kind of mail, or one active version, is followed by another. */
const turns = /^(?:new kinds|active|bad version|rolled back)/;

/** Draws the accuracy of the last answers over time, and its mean in between, with what happened. */
export function plot(judged: readonly Judged[], events: readonly Event[], startedAt: number): string {
  const seconds = (at: number) => (at - startedAt) / 1_000;
  const ordered = judged.toSorted((a, b) => a.at - b.at);
  const rolling: [number, number][] = [];
  for (let end = rollingAnswers; end <= ordered.length; end += 5) {
    const last = ordered.slice(end - rollingAnswers, end);
    rolling.push([seconds(last.at(-1)!.at), accuracyOf(last)]);
  }
  const from = rolling[0]?.[0] ?? 0;
  const to = rolling.at(-1)?.[0] ?? 1;
  const means: [number, number | null][] = [];
  const bounds = [startedAt, ...events.filter(({ label }) => turns.test(label)).map(({ at }) => at), Date.now()];
  for (const [at, begun] of bounds.slice(0, -1).entries()) {
    const ended = bounds[at + 1]!;
    const between = ordered.filter((one) => one.at >= begun && one.at < ended);
    const mean = between.length < rollingAnswers ? null : accuracyOf(between);
    means.push([Math.max(from, seconds(begun)), mean], [Math.min(to, seconds(ended)), mean]);
    means.push([Math.min(to, seconds(ended)), null]);
  }
  const series: LineSeries[] = [
    { name: `last ${rollingAnswers} answers`, points: rolling },
    { name: 'mean', points: means, dashed: true },
  ];
  return lineChart({
    title: 'Accuracy of the answers',
    series,
    x: { kind: 'value', name: 'seconds', min: Math.floor(from), max: Math.ceil(to) },
    y: {
      min: Math.floor(Math.min(...rolling.map(([, share]) => share)) * 10) / 10,
      max: 1,
      format: (value) => `${Math.round(value * 100)} %`,
    },
    events: events.map(({ at, label }) => ({ at: seconds(at), label })),
    height: 380,
  });
}

function accuracyOf(judged: readonly Judged[]): number {
  return judged.filter(({ right }) => right).length / judged.length;
}
