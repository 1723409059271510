import { addHash, createHashIndex, type HashIndex } from '../text/hash-index.ts';
import type { LinearModel } from './linear-model.ts';
import { columnsFor } from './linear-weights.ts';

/** The lookup tables of a linear classifier. For a large model it takes about ten milliseconds to build them. */
export interface LinearTables {
  readonly words: HashIndex;
  readonly characters: HashIndex;
  readonly otherWords: HashIndex;
  readonly stems: HashIndex;
  /**
   * One row for each feature: its idf code and then its weights, as the model stores them. They stand side by side, so
   * that scoring a feature reads one cache line.
   */
  readonly rows: Int16Array;
}

/** The number of entries in a slice, which take a fraction of a millisecond. */
const SLICE_ENTRIES = 4096;

/** Builds the tables in slices and yields after each slice, so that the caller can let other work run in between. */
export function* buildTablesInSlices(model: LinearModel): Generator<undefined, LinearTables> {
  yield;
  return {
    words: yield* indexInSlices(model.wordHashes),
    characters: yield* indexInSlices(model.characterHashes),
    otherWords: yield* indexInSlices(model.otherWords),
    stems: yield* indexInSlices(model.stems.words),
    rows: yield* joinIdfAndWeights(model),
  };
}

/** Builds the tables at once. */
export function buildTables(model: LinearModel): LinearTables {
  const slices = buildTablesInSlices(model);
  for (;;) {
    const slice = slices.next();
    if (slice.done) return slice.value;
  }
}

function* indexInSlices(hashes: Int32Array): Generator<undefined, HashIndex> {
  const index = createHashIndex(hashes.length);
  for (let from = 0; from < hashes.length; from += SLICE_ENTRIES) {
    for (const hash of hashes.subarray(from, from + SLICE_ENTRIES)) addHash(index, hash);
    yield;
  }
  return index;
}

function* joinIdfAndWeights({ labels, weights, idfCodes }: LinearModel): Generator<undefined, Int16Array> {
  const columns = columnsFor(labels.length);
  const rows = new Int16Array(idfCodes.length * (columns + 1));
  for (let feature = 0; feature < idfCodes.length; feature += 1) {
    const base = feature * (columns + 1);
    rows[base] = idfCodes[feature]!;
    for (let column = 0; column < columns; column += 1) rows[base + 1 + column] = weights[feature * columns + column]!;
    if (feature % SLICE_ENTRIES === 0) yield;
  }
  return rows;
}
