/** The bytes of a prediction id that a row has place for. A longer id is kept as a string. */
export const ID_BYTES = 120;

/** Bits of the column `flags`. */
export const FLAG = {
  batch: 1,
  retraining: 2,
  coldVersion: 4,
  review: 8,
  multiple: 16,
  correct: 32,
  abstained: 64,
  synthetic: 128,
} as const;

/** Bits of the column `kept`. */
export const KEPT = { recent: 1, slow: 2, error: 4, anomaly: 8, wrong: 16 } as const;

/** The roles by their number in the column `role`. */
export const ROLES = [null, 'active', 'canary', 'named'] as const;

/** The sources by their number in the column `feedbackSource`. */
export const SOURCES = [null, 'truth', 'review', 'report'] as const;

/** The scripts by their number in the column `script`. */
export const SCRIPTS = [
  null,
  'latin',
  'cyrillic',
  'greek',
  'arabic',
  'hebrew',
  'devanagari',
  'thai',
  'han',
  'kana',
  'hangul',
  'other',
] as const;

/** The columns that hold numbers of interned strings. */
export const STRING_COLUMNS = [
  'reference',
  'label',
  'errorType',
  'shadowVersion',
  'shadowLabel',
  'feedbackLabel',
] as const;

/** The status of a row whose request is in progress. */
export const PENDING = 0xffff;

/** Creates the columns of `size` rows. Seconds are in seconds, `time` is in milliseconds since the epoch. */
export function createColumns(size: number) {
  const numbers = () => new Float64Array(size);
  const small = () => new Uint16Array(size);
  return {
    /** The number of the row since the start of the process, starting at 1; 0 for a free slot. */
    sequence: numbers(),
    time: numbers(),
    requestSeconds: numbers(),
    /** From the start of the request to the start of the classification. */
    waitSeconds: numbers(),
    tokenizeSeconds: numbers(),
    scoreSeconds: numbers(),
    confidence: numbers(),
    unknownRatio: numbers(),
    eventLoopDelaySeconds: new Float32Array(size),
    gcSeconds: new Float32Array(size),
    characters: new Uint32Array(size),
    tokens: new Uint32Array(size),
    /** The first and second half of the id of the server span, and of the `classify` span. */
    serverSpan: new Uint32Array(2 * size),
    span: new Uint32Array(2 * size),
    /** The position of the text in its batch. */
    index: small(),
    inFlight: small(),
    status: small(),
    reference: small(),
    label: small(),
    errorType: small(),
    shadowVersion: small(),
    shadowLabel: small(),
    feedbackLabel: small(),
    route: new Uint8Array(size),
    role: new Uint8Array(size),
    script: new Uint8Array(size),
    anomalies: new Uint8Array(size),
    flags: new Uint8Array(size),
    feedbackSource: new Uint8Array(size),
    kept: new Uint8Array(size),
    idLength: new Uint8Array(size),
    id: new Uint8Array(ID_BYTES * size),
  };
}

/** The columns of the memory. */
export type RowColumns = ReturnType<typeof createColumns>;
