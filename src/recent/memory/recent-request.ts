/** The routes that make predictions, by the number in the column `route`. */
export const ROUTES = [
  'POST /predict',
  'POST /predict/batch',
  'POST /v2/models/:name/infer',
  'POST /v2/models/:name/versions/:version/infer',
] as const;

const BATCH_ROUTE = 1;

const PATHS = [
  /^\/predict\/?$/i,
  /^\/predict\/batch\/?$/i,
  /^\/v2\/models\/[^/]+\/infer\/?$/i,
  /^\/v2\/models\/[^/]+\/versions\/[^/]+\/infer\/?$/i,
];

/** Returns the number of the route of a request in `ROUTES`, or -1 if the request is not for a prediction. */
export function predictionRouteOf(method: string, path: string): number {
  if (method !== 'POST') return -1;
  if (path === '/predict') return 0;
  return PATHS.findIndex((pattern) => pattern.test(path));
}

/** A request for predictions that is in progress. */
export class RecentRequest {
  readonly route: number;
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits of the server span. */
  readonly spanId: string;
  /** The start, in milliseconds of the monotonic clock. */
  readonly started: number;
  /** The sequence of its first row; 0 while it has none. */
  first = 0;
  /** The sequences of the further rows of a batch. */
  others: number[] | undefined;
  isBatch: boolean;
  isEnded = false;
  /** The type of the problem that the request was answered with. */
  errorType = '';
  /** The classification that failed, if one did. */
  failed: FailedClassification | undefined;

  constructor(route: number, traceId: string, spanId: string, started: number) {
    this.route = route;
    this.traceId = traceId;
    this.spanId = spanId;
    this.started = started;
    this.isBatch = route === BATCH_ROUTE;
  }

  /** Records that a version could not classify a text. */
  fail(failed: FailedClassification): void {
    this.failed = failed;
  }
}

/** A classification that failed. */
type FailedClassification = Pick<NewRow, 'reference' | 'role' | 'synthetic'> & { readonly characters: number };

/** A prediction for the memory. */
export interface NewRow {
  /** `NAME@VERSION`. */
  readonly reference: string;
  readonly role: 'active' | 'canary' | 'named';
  readonly label: string;
  readonly confidence: number;
  readonly text: string;
  readonly tokens: number;
  readonly unknownRatio: number;
  /** The start of the classification and the ends of its steps, in milliseconds of the monotonic clock. */
  readonly started: number;
  readonly tokenized: number;
  readonly scored: number;
  /** The bytes of the prediction id. They have the trace id at 1, and the id of the `classify` span at 17. */
  readonly id: Uint8Array;
  readonly anomalies: readonly string[];
  readonly review: boolean;
  readonly abstained: boolean;
  readonly synthetic: boolean;
  /** The position of the text in its batch. */
  readonly index: number;
}
