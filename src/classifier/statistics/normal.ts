/**
 * The standard normal distribution function, to an absolute error of about 1e-15, by the series around 0 (Marsaglia: Evaluating the normal
 * distribution, 2004).
 */
export function normalCdf(x: number): number {
  if (x < -8) return 0;
  if (x > 8) return 1;
  let term = x;
  let sum = x;
  for (let at = 3; sum + term !== sum || at === 3; at += 2) {
    term *= (x * x) / at;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-0.5 * x * x - 0.5 * Math.log(2 * Math.PI));
}
