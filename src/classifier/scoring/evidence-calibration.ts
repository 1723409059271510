/**
 * A correction of scores by the evidence in a text: the number of its distinct known features. Vectors have length 1, so a
 * text of two words can score as high as one of two hundred. Each score is multiplied by a scale, and a shift is added.
 */
export interface EvidenceCalibration {
  /** The scale at each knot. Between two knots it is interpolated, beyond the last one it is constant. */
  readonly scales: readonly number[];
  /** The shift at each knot, in units of the offsets of the labels. */
  readonly shifts: readonly number[];
  /** The mean evidence in a document of the training data. */
  readonly typical: number;
}

/** The largest lead of a label, in log-odds, without evidence: a probability of 0.79 with two labels. */
const MIN_LEAD = 1.3;
/** The growth of the largest lead from no evidence to the typical one. A seventh of that allows a probability of 0.9. */
const LEAD_GROWTH = 16;

/** The number of knots: they are at 0, 3, 15, 63, 255, 1023 and 4095 features. */
export const KNOT_COUNT = 7;

/** A correction of the scores of one text. */
export interface Correction {
  readonly scale: number;
  /** In units of the offsets of the labels. */
  readonly shift: number;
}

/** Returns the position of an evidence among the knots, from 0 to `KNOT_COUNT - 1`. */
export function knotPosition(evidence: number): number {
  return Math.min(KNOT_COUNT - 1, Math.log2(1 + evidence) / 2);
}

/** Returns a value between those of the two knots next to a position. */
export function interpolate(values: readonly number[], position: number): number {
  const knot = Math.min(KNOT_COUNT - 2, Math.floor(position));
  const share = position - knot;
  return values[knot]! * (1 - share) + values[knot + 1]! * share;
}

/**
 * Corrects the scores of one text, one for each label, in place. The lead of the best label is also limited for texts that
 * have much less evidence than those of the training data: what the scores of such texts mean is known least.
 *
 * @returns the correction that was applied
 */
export function correctScores(
  scores: Float64Array,
  { scales, shifts, typical }: EvidenceCalibration,
  offsets: Float64Array,
  evidence: number,
): Correction {
  const position = knotPosition(evidence);
  let scale = interpolate(scales, position);
  let shift = interpolate(shifts, position);
  let best = Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  for (let label = 0; label < scores.length; label += 1) {
    const score = scale * scores[label]! + shift * offsets[label]!;
    scores[label] = score;
    if (score > best) {
      second = best;
      best = score;
    } else if (score > second) second = score;
  }
  const maxLead = maxLeadFor(evidence, typical);
  if (best - second > maxLead) {
    const factor = maxLead / (best - second);
    for (let label = 0; label < scores.length; label += 1) scores[label]! *= factor;
    scale *= factor;
    shift *= factor;
  }
  return { scale, shift };
}

function maxLeadFor(evidence: number, typical: number): number {
  return MIN_LEAD + LEAD_GROWTH * (evidence / typical) ** 1.5;
}

/**
 * Returns the offset of each label, which a shift multiplies: with two labels 0 and 1, with more labels the logarithms of
 * their shares of the training data.
 */
export function labelOffsets(prior: Float64Array): Float64Array {
  if (prior.length === 2) return Float64Array.of(0, 1);
  const logarithms = prior.map((share) => Math.log(share));
  const mean = logarithms.reduce((sum, value) => sum + value, 0) / prior.length;
  return logarithms.map((value) => value - mean);
}
