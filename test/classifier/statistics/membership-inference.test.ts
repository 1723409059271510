import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { measureLossAttack } from '../../../src/classifier/statistics/membership-inference.ts';

/** The AUC by its definition. */
function definedAuc(members: readonly number[], nonMembers: readonly number[]): number {
  const won = members.flatMap((member) => nonMembers.map((other) => (member < other ? 1 : member === other ? 0.5 : 0)));
  return won.reduce<number>((sum, one) => sum + one, 0) / won.length;
}

/** The share of members found by the best threshold that takes at most 0.1 % of the others for members. */
function definedTruePositives(members: readonly number[], nonMembers: readonly number[]): number {
  const shares = [...members, ...nonMembers].map((threshold) => {
    const found = (losses: readonly number[]) => losses.filter((loss) => loss <= threshold).length / losses.length;
    return found(nonMembers) <= 0.001 ? found(members) : 0;
  });
  return Math.max(0, ...shares);
}

const losses = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 40 });

describe('the loss attack', () => {
  test('agrees with the definitions of AUC and true positives, also with equal losses', () => {
    fc.assert(
      fc.property(losses, losses, (members, nonMembers) => {
        const measured = measureLossAttack(members, nonMembers);
        expect(measured.auc).toBeCloseTo(definedAuc(members, nonMembers), 12);
        expect(measured.truePositives).toBeCloseTo(definedTruePositives(members, nonMembers), 12);
      }),
    );
  });

  test('allows one false one of 1,000, and two of 2,000', () => {
    const others = (count: number) => Array.from({ length: count }, (_, index) => index);
    const members = [-1, 0.5, 1.5, 2.5];
    expect(measureLossAttack(members, others(999)).truePositives).toBe(0.25);
    expect(measureLossAttack(members, others(1_000)).truePositives).toBe(0.5);
    expect(measureLossAttack(members, others(2_000)).truePositives).toBe(0.75);
  });

  test('separates what can be separated, and is at chance for equal losses', () => {
    expect(measureLossAttack([1, 2], [3, 4])).toMatchObject({ auc: 1, truePositives: 1 });
    expect(measureLossAttack([3, 4], [1, 2])).toMatchObject({ auc: 0, truePositives: 0 });
    expect(measureLossAttack([1, 1], [1, 1])).toMatchObject({ auc: 0.5, truePositives: 0 });
    expect(measureLossAttack([1], [Number.POSITIVE_INFINITY])).toMatchObject({ auc: 1, truePositives: 1 });
  });

  test('needs both kinds of texts', () => {
    expect(() => measureLossAttack([], [1])).toThrow(RangeError);
    expect(() => measureLossAttack([1], [])).toThrow(RangeError);
  });
});
