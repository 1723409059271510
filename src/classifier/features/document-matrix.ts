import type { VocabularyCounts } from './feature-counts.ts';

const chunkEntries = 1 << 20;

interface Chunk {
  /** Feature numbers, times two, plus one for character features. */
  readonly features: Uint32Array;
  readonly counts: Uint8Array;
  used: number;
}

/** Feature counts of the documents seen so far, before it is known which features will be kept. */
export interface DocumentCollector {
  readonly chunks: Chunk[];
  /** Entries in each document. */
  readonly lengths: number[];
}

/**
 * Documents by features, in compressed sparse rows: row `i` has the entries `rowStarts[i]` to `rowStarts[i + 1]`.
 * Word features come first, then character features, `wordFeatures` telling where.
 */
export interface DocumentMatrix {
  readonly rows: number;
  readonly features: number;
  readonly wordFeatures: number;
  readonly rowStarts: Float64Array;
  readonly columns: Uint32Array;
  readonly counts: Uint8Array;
}

export function createDocumentCollector(): DocumentCollector {
  return { chunks: [], lengths: [] };
}

/** Appends the text that the two blocks hold as the next document. */
export function collectDocument(
  collector: DocumentCollector,
  words: VocabularyCounts,
  characters: VocabularyCounts,
): void {
  const length = words.touchedCount + characters.touchedCount;
  let chunk = collector.chunks.at(-1);
  if (chunk === undefined || chunk.used + length > chunk.features.length) {
    const size = Math.max(chunkEntries, length);
    chunk = { features: new Uint32Array(size), counts: new Uint8Array(size), used: 0 };
    collector.chunks.push(chunk);
  }
  append(chunk, words, 0);
  append(chunk, characters, 1);
  collector.lengths.push(length);
}

function append(chunk: Chunk, block: VocabularyCounts, kind: 0 | 1): void {
  const { touched, counts, touchedCount } = block;
  let used = chunk.used;
  for (let at = 0; at < touchedCount; at += 1) {
    const feature = touched[at]!;
    chunk.features[used] = feature * 2 + kind;
    chunk.counts[used] = counts[feature]!;
    used += 1;
  }
  chunk.used = used;
}

/** In how many documents each word feature and each character feature occurs. */
export function documentFrequencies(
  collector: DocumentCollector,
  wordFeatures: number,
  characterFeatures: number,
): { words: Uint32Array; characters: Uint32Array } {
  const words = new Uint32Array(wordFeatures);
  const characters = new Uint32Array(characterFeatures);
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
 * The collected documents with the kept features alone. `wordColumns` and `characterColumns` give each feature's new
 * column, or -1 to drop it. Empties the collector as it goes, so that both copies never stand in memory at once.
 */
export function buildMatrix(
  collector: DocumentCollector,
  wordColumns: Int32Array,
  characterColumns: Int32Array,
  wordFeatures: number,
  features: number,
): DocumentMatrix {
  const columnOf = (feature: number) =>
    (feature & 1) === 0 ? wordColumns[feature >>> 1]! : characterColumns[feature >>> 1]!;
  let kept = 0;
  for (const { features: numbers, used } of collector.chunks) {
    for (let at = 0; at < used; at += 1) if (columnOf(numbers[at]!) >= 0) kept += 1;
  }
  const rows = collector.lengths.length;
  const rowStarts = new Float64Array(rows + 1);
  const columns = new Uint32Array(kept);
  const counts = new Uint8Array(kept);
  let to = 0;
  let chunk = collector.chunks.shift();
  let from = 0;
  for (let row = 0; row < rows; row += 1) {
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
  return { rows, features, wordFeatures, rowStarts, columns, counts };
}
