/**
 * Returns the natural logarithm of the probability that chance puts at least `found` selected rows among `drawn` of `rows` rows
 * with `selected` selected ones (the upper tail of the hypergeometric distribution).
 */
export function logTail(rows: number, selected: number, drawn: number, found: number): number {
  const most = Math.min(drawn, selected);
  if (found <= Math.max(0, drawn + selected - rows)) return 0;
  if (found > most) return Number.NEGATIVE_INFINITY;
  let term = logChoose(selected, found) + logChoose(rows - selected, drawn - found) - logChoose(rows, drawn);
  const first = term;
  let sum = 1;
  for (let count = found; count < most; count += 1) {
    const ratio = ((selected - count) * (drawn - count)) / ((count + 1) * (rows - selected - drawn + count + 1));
    term += Math.log(ratio);
    const part = Math.exp(term - first);
    sum += part;
    // The terms fall from the mode on, and `found` may be below it.
    if (ratio < 1 && part < 1e-12 * sum) break;
  }
  return Math.min(0, first + Math.log(sum));
}

const logFactorials: number[] = [0];

function logFactorial(number: number): number {
  for (let next = logFactorials.length; next <= number; next += 1) {
    logFactorials.push(logFactorials[next - 1]! + Math.log(next));
  }
  return logFactorials[number]!;
}

function logChoose(all: number, chosen: number): number {
  return logFactorial(all) - logFactorial(chosen) - logFactorial(all - chosen);
}
