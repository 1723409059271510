/** The 97.5th percentile of the standard normal distribution: the half width of a two-sided 95 % interval. */
export const NORMAL_QUANTILE_975 = 1.959963984540054;

/** The coefficients of Lanczos' approximation with g = 7, by Godfrey. */
const LANCZOS_COEFFICIENTS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/**
 * Returns the natural logarithm of the gamma function for x of at least 1/2 (Lanczos: A precision approximation of the
 * gamma function, 1964).
 */
function logGamma(x: number): number {
  const shifted = x - 1;
  let series = LANCZOS_COEFFICIENTS[0]!;
  for (let at = 1; at < LANCZOS_COEFFICIENTS.length; at += 1) series += LANCZOS_COEFFICIENTS[at]! / (shifted + at);
  const t = shifted + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(series);
}

/** Returns the natural logarithm of the binomial coefficient: the number of ways to choose `k` of `n`. */
export function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}

/**
 * Returns the probability of at most `k` heads in `n` tosses of a fair coin: the incomplete beta function I_1/2(n - k,
 * k + 1) (NIST Digital Library of Mathematical Functions, 8.17.5).
 */
export function fairCoinCdf(k: number, n: number): number {
  if (k < 0) return 0;
  return k >= n ? 1 : incompleteBeta(0.5, n - k, k + 1);
}

/**
 * Returns I_x(a, b), the regularised incomplete beta function, by its continued fraction (NIST Digital Library of
 * Mathematical Functions, 8.17.22) with Lentz's method.
 */
function incompleteBeta(x: number, a: number, b: number): number {
  // The fraction converges fast below the mean. Above the mean, the other tail is computed.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x) - Math.log(a),
  );
  let c = 1;
  let d = awayFromZero(1 - ((a + b) * x) / (a + 1));
  d = 1 / d;
  let fraction = d;
  for (let m = 1; m <= 100_000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / awayFromZero(1 + even * d);
    c = awayFromZero(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / awayFromZero(1 + odd * d);
    c = awayFromZero(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return front * fraction;
}

function awayFromZero(divisor: number): number {
  return Math.abs(divisor) < 1e-300 ? 1e-300 : divisor;
}

/**
 * Returns the standard normal distribution function, with an absolute error of about 1e-15, by its series around 0
 * (Marsaglia: Evaluating the normal distribution, 2004).
 */
export function normalCdf(x: number): number {
  if (x < -8) return 0;
  if (x > 8) return 1;
  let term = x;
  let sum = x;
  for (let divisor = 3; sum + term !== sum || divisor === 3; divisor += 2) {
    term *= (x * x) / divisor;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-0.5 * x * x - 0.5 * Math.log(2 * Math.PI));
}

/**
 * Returns the probability that a chi-squared variable exceeds `x`: Q(degrees / 2, x / 2), the regularised incomplete gamma
 * function, by its series or its continued fraction (NIST Digital Library of Mathematical Functions, 8.7.1 and 8.9.2).
 */
export function chiSquaredTail(x: number, degrees: number): number {
  if (x <= 0) return 1;
  const [a, half] = [degrees / 2, x / 2];
  const front = Math.exp(a * Math.log(half) - half - logGamma(a));
  if (half < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; term > sum * 1e-16; n += 1) {
      term *= half / (a + n);
      sum += term;
    }
    return Math.max(0, 1 - front * sum);
  }
  let b = half + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n <= 10_000; n += 1) {
    const step = -n * (n - a);
    b += 2;
    d = 1 / awayFromZero(step * d + b);
    c = awayFromZero(b + step / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return front * fraction;
}
