/** Steps between ticks of a time axis, in milliseconds. */
const TIME_STEPS = [1, 2, 5, 10, 15, 30]
  .flatMap((step) => [step * 1_000, step * 60_000, step * 3_600_000])
  .toSorted((a, b) => a - b);

/** Returns the ticks of a logarithmic axis: 1 and 3 of each power of ten. */
export function logTicks(low: number, high: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power += 1) {
    for (const step of [1, 3]) {
      const tick = step * 10 ** power;
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(Number(tick.toPrecision(3)));
    }
  }
  return ticks;
}

/** Returns the whole range of an axis around positive values: from a tick below to a tick above. */
export function logRange(values: Iterable<number>, fallback: readonly [number, number]): [number, number] {
  let low = Infinity;
  let high = 0;
  for (const value of values) {
    if (value <= 0) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (high === 0) return [fallback[0], fallback[1]];
  const below = (value: number) => {
    const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
    return Number((value >= 3 * power ? 3 * power : power).toPrecision(3));
  };
  const start = below(low);
  const top = below(high);
  return [start, Number((/^0*\.?0*3/.test(String(top)) ? (top / 3) * 10 : top * 3).toPrecision(3))];
}

/** Returns round times between two times, about as many as wanted. */
export function timeTicks(from: number, to: number, wanted: number): number[] {
  const step = TIME_STEPS.find((candidate) => (to - from) / candidate <= wanted) ?? 86_400_000;
  const ticks: number[] = [];
  for (let tick = Math.ceil(from / step) * step; tick <= to; tick += step) ticks.push(tick);
  return ticks;
}

/** Returns about three round values from 0 that cover a maximum. */
export function linearTicks(max: number): number[] {
  if (!(max > 0)) return [0, 1];
  const power = 10 ** Math.floor(Math.log10(max));
  const step = [0.2, 0.5, 1, 2, 5, 10].map((factor) => factor * power).find((candidate) => max / candidate <= 3) ?? max;
  const count = Math.ceil(max / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, at) => Number((at * step).toPrecision(6)));
}
