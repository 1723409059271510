import { expect, test } from 'vitest';
import { assignFolds } from '../../../src/classifier/learning/cross-validation.ts';

const targets = Uint32Array.from({ length: 300 }, (_, row) => (row < 250 ? 0 : 1));
const keys = Int32Array.from(targets.keys());

test('each label spreads evenly over the folds', () => {
  const folds = assignFolds(targets, keys, 5, 1);
  const count = (label: number, fold: number) =>
    folds.filter((rowFold, row) => rowFold === fold && targets[row] === label).length;
  for (const fold of [0, 1, 2, 3, 4]) {
    expect(count(0, fold)).toBe(50);
    expect(count(1, fold)).toBe(10);
  }
});

test('copies of a document share a fold', () => {
  const copies = keys.map((key) => key % 40);
  const folds = assignFolds(new Uint32Array(300), copies, 5, 1);
  for (const row of targets.keys()) expect(folds[row]).toBe(folds[copies[row]!]);
});

test('the folds depend on the seed, and on no other state', () => {
  expect(assignFolds(targets, keys, 5, 1)).toEqual(assignFolds(targets, keys, 5, 1));
  expect(assignFolds(targets, keys, 5, 1)).not.toEqual(assignFolds(targets, keys, 5, 2));
});
