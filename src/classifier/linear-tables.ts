import { addHash, createHashIndex, type HashIndex } from './hash-index.ts';
import type { LinearModel } from './linear-model.ts';
import { columnsFor } from './linear-weights.ts';
import { decodeIdf } from './weighting.ts';

/** What a classifier looks things up in: made of a model's arrays, in some ten milliseconds where they are long. */
export interface LinearTables {
  readonly words: HashIndex;
  readonly characters: HashIndex;
  readonly otherWords: HashIndex;
  readonly stems: HashIndex;
  /** A feature's idf and weights in one row, so that scoring it reads one cache line. */
  readonly rows: Float32Array;
}

/** As many entries as are made at a time: a fraction of a millisecond's work. */
const sliceEntries = 4096;

/** Makes the tables in slices, so that a caller with other things to do can do them in between. */
export function* buildTables(model: LinearModel): Generator<undefined, LinearTables> {
  yield;
  const words = yield* indexOf(model.wordHashes);
  const characters = yield* indexOf(model.characterHashes);
  const otherWords = yield* indexOf(model.otherWords);
  const stems = yield* indexOf(model.stems.words);
  const rows = yield* besideIdf(model);
  return { words, characters, otherWords, stems, rows };
}

/** Makes the tables at once. */
export function tablesOf(model: LinearModel): LinearTables {
  const building = buildTables(model);
  for (;;) {
    const step = building.next();
    if (step.done) return step.value;
  }
}

function* indexOf(hashes: Int32Array): Generator<undefined, HashIndex> {
  const index = createHashIndex(hashes.length);
  for (let from = 0; from < hashes.length; from += sliceEntries) {
    for (const hash of hashes.subarray(from, from + sliceEntries)) addHash(index, hash);
    yield;
  }
  return index;
}

function* besideIdf({ labels, weights, weightStep, idfCodes }: LinearModel): Generator<undefined, Float32Array> {
  const columns = columnsFor(labels.length);
  const idf = decodeIdf(idfCodes);
  const rows = new Float32Array(idf.length * (columns + 1));
  for (let from = 0; from < idf.length; from += sliceEntries) {
    fillRows(rows, idf, weights, weightStep, columns, from, Math.min(idf.length, from + sliceEntries));
    yield;
  }
  return rows;
}

function fillRows(
  rows: Float32Array,
  idf: ArrayLike<number>,
  weights: ArrayLike<number>,
  weightStep: number,
  columns: number,
  first: number,
  end: number,
): void {
  let from = first * columns;
  let to = first * (columns + 1);
  for (let feature = first; feature < end; feature += 1) {
    rows[to] = idf[feature]!;
    to += 1;
    for (let column = 0; column < columns; column += 1) {
      rows[to] = weights[from]! * weightStep;
      from += 1;
      to += 1;
    }
  }
}
