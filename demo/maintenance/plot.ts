import { lineChart } from '../../src/charts/line-chart.ts';
import type { Event } from './story.ts';
import type { Judged } from './traffic.ts';

/** How many answers one point of the line is made of. */
const rollingAnswers = 100;

/** Draws the accuracy of the last answers over time, with what happened. */
export function plot(judged: readonly Judged[], events: readonly Event[], startedAt: number): string {
  const ordered = judged.toSorted((a, b) => a.at - b.at);
  const points: [number, number][] = [];
  for (let end = rollingAnswers; end <= ordered.length; end += 5) {
    const last = ordered.slice(end - rollingAnswers, end);
    points.push([seconds(last.at(-1)!.at), last.filter(({ right }) => right).length / rollingAnswers]);
  }
  const seconds_ = points.map(([x]) => x);
  return lineChart({
    title: `Accuracy of the last ${rollingAnswers} answers`,
    series: [{ name: 'accuracy', points }],
    x: { kind: 'value', name: 'seconds', min: Math.floor(seconds_[0] ?? 0), max: Math.ceil(seconds_.at(-1) ?? 1) },
    y: {
      min: Math.floor(Math.min(...points.map(([, share]) => share)) * 10) / 10,
      max: 1,
      format: (value) => `${Math.round(value * 100)} %`,
    },
    events: events.map(({ at, label }) => ({ at: seconds(at), label })),
    height: 380,
  });

  function seconds(at: number): number {
    return (at - startedAt) / 1_000;
  }
}
