import { addHash, createHashIndex, type HashIndex } from '../text/hash-index.ts';
import type { LinearModel } from './linear-model.ts';
import { columnsFor } from './linear-weights.ts';

/** What a classifier looks things up in: made of a model's arrays, in some ten milliseconds where they are long. */
export interface LinearTables {
  readonly words: HashIndex;
  readonly characters: HashIndex;
  readonly otherWords: HashIndex;
  readonly stems: HashIndex;
  /**
   * For each feature its idf and its weights, as the model codes them: side by side, so that scoring it reads one cache
   * line.
   */
  readonly rows: Int16Array;
}

/** As many entries as are made at a time: a fraction of a millisecond's work. */
const sliceEntries = 4096;

/** Makes the tables in slices, so that a caller with other things to do can do them in between. */
export function* buildTablesInSlices(model: LinearModel): Generator<undefined, LinearTables> {
  yield;
  return {
    words: yield* indexOf(model.wordHashes),
    characters: yield* indexOf(model.characterHashes),
    otherWords: yield* indexOf(model.otherWords),
    stems: yield* indexOf(model.stems.words),
    rows: yield* besideIdf(model),
  };
}

/** Makes the tables at once. */
export function buildTables(model: LinearModel): LinearTables {
  const building = buildTablesInSlices(model);
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

function* besideIdf({ labels, weights, idfCodes }: LinearModel): Generator<undefined, Int16Array> {
  const columns = columnsFor(labels.length);
  const rows = new Int16Array(idfCodes.length * (columns + 1));
  for (let feature = 0; feature < idfCodes.length; feature += 1) {
    const base = feature * (columns + 1);
    rows[base] = idfCodes[feature]!;
    for (let column = 0; column < columns; column += 1) rows[base + 1 + column] = weights[feature * columns + column]!;
    if (feature % sliceEntries === 0) yield;
  }
  return rows;
}
