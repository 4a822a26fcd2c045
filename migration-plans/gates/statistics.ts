/** Normal quantiles (two-sided). */
export const Z95 = 1.959964;
export const Z99_9 = 3.290527;

export interface Interval {
  lower: number;
  upper: number;
}

/**
 * Wilson score interval of a proportion: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
 * JASA 22 (1927) 209–212. Sound for small counts and for none at all. No trials: 0 to 1.
 */
export function wilson(successes: number, trials: number, z: number = Z95): Interval {
  if (trials <= 0) return { lower: 0, upper: 1 };
  const p = Math.min(1, Math.max(0, successes / trials));
  const zz = z * z;
  const center = (p + zz / (2 * trials)) / (1 + zz / trials);
  const half = (z / (1 + zz / trials)) * Math.sqrt((p * (1 - p)) / trials + zz / (4 * trials * trials));
  return {
    lower: successes <= 0 ? 0 : Math.max(0, center - half),
    upper: successes >= trials ? 1 : Math.min(1, center + half),
  };
}

/**
 * Interval of the difference p₁ − p₂ of two independent proportions: R. G. Newcombe, "Interval estimation for the difference between
 * independent proportions", Statistics in Medicine 17 (1998) 873–890, method 10, built from two Wilson intervals.
 */
export function newcombe(
  k1: number,
  n1: number,
  k2: number,
  n2: number,
  z: number = Z95,
): Interval & { estimate: number } {
  const p1 = n1 > 0 ? k1 / n1 : 0;
  const p2 = n2 > 0 ? k2 / n2 : 0;
  const a = wilson(k1, n1, z);
  const b = wilson(k2, n2, z);
  const estimate = p1 - p2;
  return {
    estimate,
    lower: Math.max(-1, estimate - Math.hypot(p1 - a.lower, b.upper - p2)),
    upper: Math.min(1, estimate + Math.hypot(a.upper - p1, p2 - b.lower)),
  };
}

/**
 * Two-proportion z test with pooled variance (one-sided: is p₁ larger?), as in any textbook, e.g. Fleiss, "Statistical Methods for Rates
 * and Proportions", section 2.4. Returns the p value; 1 when there is nothing to compare.
 */
export function proportionTest(k1: number, n1: number, k2: number, n2: number): number {
  if (n1 <= 0 || n2 <= 0) return 1;
  const pooled = (k1 + k2) / (n1 + n2);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2));
  if (deviation === 0) return 1;
  return 1 - normalCdf((k1 / n1 - k2 / n2) / deviation);
}

/**
 * Fisher's exact test, one-sided: the chance that group 1 has k₁ or more of all k₁ + k₂ successes if both groups have the same rate.
 * R. A. Fisher, "Statistical Methods for Research Workers", section 21.02. Sound at the extremes (nearly always, nearly never), where
 * intervals of the difference are too narrow. Cost: at most k₂ + 1 terms.
 */
export function fisherExact(k1: number, n1: number, k2: number, n2: number): number {
  if (n1 <= 0 || n2 <= 0) return 1;
  const k = k1 + k2;
  const lowest = Math.max(0, k - n1);
  const base = logChoose(n1 + n2, k);
  let p = 0;
  for (let x = k2; x >= lowest; x--) {
    const term = Math.exp(logChoose(n1, k - x) + logChoose(n2, x) - base);
    p += term;
    // Terms fall once below the mode; what is left adds nothing.
    if (term < p * 1e-12) break;
  }
  return Math.min(1, p);
}

function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}

/** Logarithm of the gamma function: Lanczos' approximation with the coefficients of Press et al., "Numerical Recipes", section 6.1. */
function logGamma(x: number): number {
  const coefficients = [
    76.18009172947146, -86.50532032941678, 24.01409824083091, -1.231739572450155, 1.208650973866179e-3,
    -5.395239384953e-6,
  ];
  const t = x + 5.5 - (x + 0.5) * Math.log(x + 5.5);
  let series = 1.000000000190015;
  for (let j = 0; j < 6; j++) series += coefficients[j]! / (x + 1 + j);
  return -t + Math.log((2.5066282746310007 * series) / x);
}

/**
 * Mann–Whitney U test on two histograms with the same buckets: H. B. Mann, D. R. Whitney, "On a test of whether one of two random
 * variables is stochastically larger than the other", Annals of Mathematical Statistics 18 (1947) 50–60, normal approximation with the
 * correction for ties (all values of a bucket are tied). `superiority`: probability that a value of `a` is larger than one of `b`,
 * ties counted half. `p`: one-sided for "a is larger".
 */
export function mannWhitney(
  a: readonly number[],
  b: readonly number[],
): { superiority: number; z: number; p: number } {
  const n1 = a.reduce((sum, count) => sum + count, 0);
  const n2 = b.reduce((sum, count) => sum + count, 0);
  if (n1 === 0 || n2 === 0) return { superiority: 0.5, z: 0, p: 1 };
  let below = 0;
  let u = 0;
  let ties = 0;
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    u += x * (below + y / 2);
    below += y;
    ties += (x + y) ** 3 - (x + y);
  }
  const n = n1 + n2;
  const variance = ((n1 * n2) / 12) * (n + 1 - ties / (n * (n - 1)));
  const z = variance <= 0 ? 0 : (u - (n1 * n2) / 2) / Math.sqrt(variance);
  return { superiority: u / (n1 * n2), z, p: 1 - normalCdf(z) };
}

/**
 * Interval of the rank of a quantile among n values, from the binomial distribution of the number of values below it (normal
 * approximation): W. J. Conover, "Practical Nonparametric Statistics", section 3.2. Ranks as shares from 0 to 1.
 */
export function quantileRanks(q: number, n: number, z: number = Z95): Interval {
  if (n <= 0) return { lower: 0, upper: 1 };
  const half = z * Math.sqrt((q * (1 - q)) / n);
  return { lower: Math.max(0, q - half), upper: Math.min(1, q + half + 1 / n) };
}

/**
 * Standard normal distribution function by the complementary error function of W. J. Cody's rational form as given in Abramowitz and
 * Stegun 7.1.26; absolute error below 1.5e-7.
 */
export function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const poly =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = 0.5 * poly * Math.exp(-x * x);
  return z >= 0 ? 1 - tail : tail;
}
