import { describe, expect, test } from 'vitest';
import { type AnswerToken, probabilitiesOf } from '../../../src/runtimes/remote/label-probabilities.ts';

const token = (text: string, probability = 1, others: Record<string, number> = {}): AnswerToken => ({
  token: text,
  logprob: Math.log(probability),
  others: [[text, probability] as const, ...Object.entries(others)].map(([other, share]) => ({
    token: other,
    logprob: Math.log(share),
  })),
});

const start = [token('{"'), token('label'), token('":"')];
const end = token('"}');

describe('the probabilities of labels', () => {
  test('are those of their tokens', () => {
    const answer = [...start, token('spam', 0.7, { ham: 0.3 }), end];
    expect(probabilitiesOf(answer, ['ham', 'spam'], 1)).toEqual([expect.closeTo(0.3, 5), expect.closeTo(0.7, 5)]);
  });

  test('follow the path of a label of several tokens', () => {
    const labels = ['card lost', 'card stolen', 'refund'];
    const answer = [...start, token('card', 0.8, { ref: 0.2 }), token(' lost', 0.75, { ' stolen': 0.25 }), end];
    expect(probabilitiesOf(answer, labels, 0)).toEqual([
      expect.closeTo(0.6, 5),
      expect.closeTo(0.2, 5),
      expect.closeTo(0.2, 5),
    ]);
  });

  test('share the probability of a beginning that several labels have', () => {
    const labels = ['card lost', 'card stolen', 'refund'];
    const answer = [...start, token('refund', 0.6, { card: 0.4 }), end];
    expect(probabilitiesOf(answer, labels, 2)).toEqual([
      expect.closeTo(0.2, 5),
      expect.closeTo(0.2, 5),
      expect.closeTo(0.6, 5),
    ]);
  });

  test('tell a label from a longer one by the end of the string', () => {
    const answer = [...start, token('spam'), token('"}', 0.9, { '-news': 0.1 })];
    expect(probabilitiesOf(answer, ['spam', 'spam-news'], 0)).toEqual([expect.closeTo(0.9, 5), expect.closeTo(0.1, 5)]);
  });

  test('are found in tokens that hold the quotation marks too', () => {
    const answer = [token('{"label": "'), token('spam"}', 0.9, { 'ham"}': 0.1 })];
    expect(probabilitiesOf(answer, ['ham', 'spam'], 1)).toEqual([expect.closeTo(0.1, 5), expect.closeTo(0.9, 5)]);
    const begun = [token('{"label":'), token('"spam', 0.9, { '"ham': 0.1 }), end];
    expect(probabilitiesOf(begun, ['ham', 'spam'], 1)).toEqual([expect.closeTo(0.1, 5), expect.closeTo(0.9, 5)]);
  });

  test('of labels without an alternative share what is left', () => {
    const answer = [...start, token('a', 0.7, { b: 0.1, unrelated: 0.1 }), end];
    expect(probabilitiesOf(answer, ['a', 'b', 'c', 'd'], 0)).toEqual(
      [0.7, 0.1, 0.1, 0.1].map((p) => expect.closeTo(p, 5)),
    );
  });

  test('are found for labels whose characters are split into several tokens', () => {
    const [first, second] = [Buffer.from('ü').subarray(0, 1), Buffer.from('ü').subarray(1)];
    const part = (bytes: Buffer, probability: number): AnswerToken => ({
      token: '�',
      bytes: [...bytes],
      logprob: Math.log(probability),
      others: [],
    });
    const answer = [...start, part(first, 0.8), part(second, 1), end];
    expect(probabilitiesOf(answer, ['ü', 'a'], 0)![0]).toBeCloseTo(0.8, 5);
  });

  test('are unknown if the tokens are not those of the answer', () => {
    expect(probabilitiesOf([token('I think it is spam')], ['ham', 'spam'], 1)).toBeUndefined();
    expect(probabilitiesOf([...start, token('ham'), end], ['ham', 'spam'], 1)).toBeUndefined();
  });

  test('always have the sum 1', () => {
    const answer = [...start, token('spam', 1, { ham: 0.2 }), end];
    const sum = probabilitiesOf(answer, ['ham', 'spam'], 1)!.reduce((a, b) => a + b, 0);
    expect(sum).toBeCloseTo(1, 9);
  });
});
