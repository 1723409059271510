import type { VocabularyCounts } from './feature-counts.ts';

/** The number of entries in a chunk of a collector. Chunks avoid the copies of one array that grows. */
const CHUNK_ENTRIES = 1 << 20;

interface Chunk {
  /** Feature numbers times 2, plus 1 for character features. */
  readonly features: Uint32Array;
  readonly counts: Uint8Array;
  /** The number of entries in use. */
  used: number;
}

/** Feature counts of the documents seen so far, before the kept features are chosen. */
export interface DocumentCollector {
  readonly chunks: Chunk[];
  /** The number of entries of each document. */
  readonly lengths: number[];
}

/**
 * Feature counts of documents, as a matrix in compressed sparse rows. Row `i` has the entries `rowStarts[i]` up to
 * `rowStarts[i + 1]`. The first `wordFeatureCount` columns are word features, the others are character features.
 */
export interface DocumentMatrix {
  readonly rowCount: number;
  readonly featureCount: number;
  readonly wordFeatureCount: number;
  /** The position of the first entry of each row; the last element is the number of entries. */
  readonly rowStarts: Float64Array;
  /** The column of each entry, which is the number of its feature. */
  readonly columns: Uint32Array;
  /** The count of each entry, at most 255. */
  readonly counts: Uint8Array;
}

/** Creates a collector without documents. */
export function createDocumentCollector(): DocumentCollector {
  return { chunks: [], lengths: [] };
}

/** Appends the text that the two arguments have counted as the next document. */
export function collectDocument(
  collector: DocumentCollector,
  words: VocabularyCounts,
  characters: VocabularyCounts,
): void {
  const length = words.touchedCount + characters.touchedCount;
  let chunk = collector.chunks.at(-1);
  if (chunk === undefined || chunk.used + length > chunk.features.length) {
    const size = Math.max(CHUNK_ENTRIES, length);
    chunk = { features: new Uint32Array(size), counts: new Uint8Array(size), used: 0 };
    collector.chunks.push(chunk);
  }
  append(chunk, words, 0);
  append(chunk, characters, 1);
  collector.lengths.push(length);
}

function append(chunk: Chunk, { touched, counts, touchedCount }: VocabularyCounts, kind: 0 | 1): void {
  let used = chunk.used;
  for (let at = 0; at < touchedCount; at += 1) {
    const feature = touched[at]!;
    chunk.features[used] = feature * 2 + kind;
    chunk.counts[used] = counts[feature]!;
    used += 1;
  }
  chunk.used = used;
}

/** Appends all documents of another collector, which is empty afterwards. */
export function appendDocuments(collector: DocumentCollector, other: DocumentCollector): void {
  collector.chunks.push(...other.chunks.splice(0));
  for (const length of other.lengths.splice(0)) collector.lengths.push(length);
}

/** Returns the document frequency of each word feature and each character feature: the number of documents with it. */
export function documentFrequencies(
  collector: DocumentCollector,
  wordFeatureCount: number,
  characterFeatureCount: number,
): { words: Uint32Array; characters: Uint32Array } {
  const words = new Uint32Array(wordFeatureCount);
  const characters = new Uint32Array(characterFeatureCount);
  for (const { features, used } of collector.chunks) {
    for (let at = 0; at < used; at += 1) {
      const feature = features[at]!;
      const frequencies = (feature & 1) === 0 ? words : characters;
      frequencies[feature >>> 1]! += 1;
    }
  }
  return { words, characters };
}

/**
 * Builds the matrix of the collected documents, with the kept features only. `wordColumns` and `characterColumns` hold
 * the column of each feature, or -1 to drop the feature. The collector is empty afterwards: each chunk is released once
 * it is copied, so that memory never holds both copies at once.
 */
export function buildMatrix(
  collector: DocumentCollector,
  wordColumns: Int32Array,
  characterColumns: Int32Array,
  wordFeatureCount: number,
  featureCount: number,
): DocumentMatrix {
  const columnOf = (feature: number) =>
    (feature & 1) === 0 ? wordColumns[feature >>> 1]! : characterColumns[feature >>> 1]!;
  let kept = 0;
  for (const { features, used } of collector.chunks) {
    for (let at = 0; at < used; at += 1) if (columnOf(features[at]!) >= 0) kept += 1;
  }
  const rowCount = collector.lengths.length;
  const rowStarts = new Float64Array(rowCount + 1);
  const columns = new Uint32Array(kept);
  const counts = new Uint8Array(kept);
  let to = 0;
  let chunk = collector.chunks.shift();
  let from = 0;
  for (let row = 0; row < rowCount; row += 1) {
    const length = collector.lengths[row]!;
    if (chunk !== undefined && from + length > chunk.used) {
      chunk = collector.chunks.shift();
      from = 0;
    }
    for (let at = from; at < from + length; at += 1) {
      const column = columnOf(chunk!.features[at]!);
      if (column < 0) continue;
      columns[to] = column;
      counts[to] = chunk!.counts[at]!;
      to += 1;
    }
    from += length;
    rowStarts[row + 1] = to;
  }
  collector.chunks.length = 0;
  return { rowCount, featureCount, wordFeatureCount, rowStarts, columns, counts };
}
