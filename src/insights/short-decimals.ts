const MAX_DIGITS = 17;

/** Returns the shortest decimal above `low` and at most `high`, where `low < high`. */
export function shortestAbove(low: number, high: number): string {
  for (let digits = 1; digits <= MAX_DIGITS; digits += 1) {
    const rounded = roundDown(high, digits);
    if (rounded > low && rounded <= high) return String(rounded);
  }
  return String(high);
}

/** Returns the shortest decimal of at least `low` and below `high`, where `low < high`. */
export function shortestBelow(low: number, high: number): string {
  for (let digits = 1; digits <= MAX_DIGITS; digits += 1) {
    const rounded = -roundDown(-low, digits);
    if (rounded >= low && rounded < high) return String(rounded);
  }
  return String(low);
}

function roundDown(value: number, digits: number): number {
  if (value === 0) return 0;
  const step = 10 ** (Math.floor(Math.log10(Math.abs(value))) - digits + 1);
  // The second rounding removes the error of the multiplication.
  return Number((Math.floor(value / step + 1e-9) * step).toPrecision(digits));
}
