/** A token with its log-probability. */
interface Token {
  readonly token: string;
  /** The bytes of the token in UTF-8: a token can be a part of a character. */
  readonly bytes?: readonly number[] | null | undefined;
  readonly logprob: number;
}

/** A token of an answer, and the most probable ones in its place. */
export interface AnswerToken extends Token {
  readonly others: readonly Token[];
}

/** The probability that is left of a token's place when the known alternatives have theirs. Rounding can make it negative. */
const MIN_REST = 1e-6;

/**
 * Returns the probability of each label by the tokens of the answer `{"label": "…"}`. At each token of the label, the
 * alternatives tell how probable the beginnings of other labels were. Several labels with one beginning share its probability.
 * What is left is shared by all labels that no alternative belongs to.
 *
 * @param chosen the number of the label in the answer
 * @returns `undefined` if the tokens are not those of the answer
 */
export function probabilitiesOf(
  tokens: readonly AnswerToken[],
  labels: readonly string[],
  chosen: number,
): number[] | undefined {
  // Strings of bytes, because a token can be a part of a character.
  const values = labels.map((label) => toBytes(JSON.stringify(label).slice(1, -1)));
  const texts = tokens.map(bytesOf);
  const start = valueStart(texts.join(''), values[chosen]!);
  if (start === undefined) return undefined;
  const probabilities = labels.map(() => 0);
  /** The probability of the path to the present token, and the part of the label that is written. */
  let path = 1;
  let written = '';
  let at = 0;
  for (const [index, { others, logprob }] of tokens.entries()) {
    const text = texts[index]!;
    const end = at + text.length;
    if (end > start) {
      // The token may begin with the quotation mark before the label.
      const before = text.slice(0, Math.max(0, start - at));
      const own = text.slice(before.length);
      for (const other of others) {
        const otherText = bytesOf(other);
        if (otherText === text || !otherText.startsWith(before)) continue;
        share(
          probabilities,
          labelsWith(values, written, otherText.slice(before.length)),
          path * Math.exp(other.logprob),
        );
      }
      path *= Math.exp(logprob);
      const candidates = labelsWith(values, written, own);
      if (candidates.length === 1) {
        share(probabilities, candidates, path);
        break;
      }
      written += own;
    }
    at = end;
  }
  return withRest(probabilities);
}

/** Returns the numbers of the labels that begin with some bytes, or that are complete if a quotation mark follows. */
function labelsWith(values: readonly string[], written: string, more: string): number[] {
  if (more === '') return [];
  const quote = endOf(more);
  const beginning = written + (quote === -1 ? more : more.slice(0, quote));
  return values.flatMap((value, number) => {
    const fits = quote === -1 ? value.startsWith(beginning) : value === beginning;
    return fits ? [number] : [];
  });
}

/** Returns the place of the quotation mark that ends the label, or -1. */
function endOf(text: string): number {
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return -1;
}

function share(probabilities: number[], numbers: readonly number[], probability: number): void {
  for (const number of numbers) probabilities[number]! += probability / numbers.length;
}

/** Adds the probability of labels that no alternative belongs to. */
function withRest(probabilities: readonly number[]): number[] {
  const sum = probabilities.reduce((a, b) => a + b, 0);
  const rest = Math.max(MIN_REST, 1 - sum);
  const unnamed = probabilities.filter((probability) => probability === 0).length;
  const sharing = unnamed === 0 ? probabilities.length : unnamed;
  return probabilities.map((probability) => {
    const own = probability === 0 || unnamed === 0 ? probability + rest / sharing : probability;
    return own / (sum + rest);
  });
}

/** Returns the place of the first byte of the label in `{"label": "…"}`. */
function valueStart(content: string, value: string): number | undefined {
  const before = /^\s*\{\s*"label"\s*:\s*"/.exec(content)?.[0].length;
  return before !== undefined && content.startsWith(`${value}"`, before) ? before : undefined;
}

function bytesOf({ token, bytes }: Token): string {
  return bytes ? String.fromCharCode(...bytes.map((byte) => byte & 0xff)) : toBytes(token);
}

function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
