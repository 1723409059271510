/** A label that looks like a misspelling of another one. */
export interface SimilarLabels {
  /** The rarer label. */
  readonly label: string;
  readonly count: number;
  readonly similarTo: string;
  readonly similarCount: number;
}

/** The lengths from which labels that differ in one or in two characters are similar. */
const MIN_LENGTH_FOR_ONE = 4;
const MIN_LENGTH_FOR_TWO = 8;
/** Labels that differ in two characters are similar if the rarer one has at most this share of the other's examples. */
const MAX_SHARE_FOR_TWO = 0.1;
/** Beyond this number only spellings are compared: the number of pairs grows with its square. */
const MAX_LABELS_IN_PAIRS = 2_000;

/**
 * Finds labels that look like misspellings of others: they differ in case, blanks or separators, or in one or two
 * characters. Labels that differ in digits only are not similar: they number things.
 *
 * @param counts the number of examples of each label
 */
export function findSimilarLabels(counts: ReadonlyMap<string, number>): SimilarLabels[] {
  const labels = [...counts.keys()].sort();
  const found: SimilarLabels[] = [];
  const compare = (a: string, b: string) => {
    const [label, similarTo] = counts.get(a)! <= counts.get(b)! ? [a, b] : [b, a];
    found.push({ label, count: counts.get(label)!, similarTo, similarCount: counts.get(similarTo)! });
  };
  const bySpelling = Map.groupBy(labels, spellingOf);
  for (const group of bySpelling.values()) for (const other of group.slice(1)) compare(other, group[0]!);
  if (labels.length > MAX_LABELS_IN_PAIRS) return found;
  const spellings = [...bySpelling.keys()];
  spellings.forEach((a, at) => {
    for (const b of spellings.slice(at + 1)) {
      const [first, second] = [bySpelling.get(a)![0]!, bySpelling.get(b)![0]!];
      if (areSimilar(a, b, shareOf(counts.get(first)!, counts.get(second)!))) compare(first, second);
    }
  });
  return found;
}

function spellingOf(label: string): string {
  const spelling = label
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_-]+/g, '');
  return spelling === '' ? label : spelling;
}

function shareOf(a: number, b: number): number {
  return Math.min(a, b) / Math.max(a, b);
}

function areSimilar(a: string, b: string, share: number): boolean {
  const length = Math.min(a.length, b.length);
  const limit = length >= MIN_LENGTH_FOR_TWO && share <= MAX_SHARE_FOR_TWO ? 2 : 1;
  if (length < MIN_LENGTH_FOR_ONE || Math.abs(a.length - b.length) > limit) return false;
  if (a.replace(/\d+/g, '') === b.replace(/\d+/g, '')) return false;
  return editDistance(a, b) <= limit;
}

/** Returns the smallest number of insertions, deletions, replacements and swaps of neighbours between two strings. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      let distance = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (isSame ? 0 : 1));
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isSwap) distance = Math.min(distance, beforeLast[column - 2]! + 1);
      current.push(distance);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}
