/** The kind of a filter: exact values, a range of numbers, or a time. */
type FilterKind = 'value' | 'range' | 'time';

/** The filters of `GET /predictions`, with the words that a person may type for them. */
export const FILTER_FIELDS: Readonly<Record<string, { readonly kind: FilterKind; readonly title: string }>> = {
  model: { kind: 'value', title: 'model' },
  version: { kind: 'value', title: 'version' },
  role: { kind: 'value', title: 'role' },
  prediction: { kind: 'value', title: 'prediction' },
  label: { kind: 'value', title: 'true label' },
  correct: { kind: 'value', title: 'correct' },
  requestSeconds: { kind: 'range', title: 'request time' },
  confidence: { kind: 'range', title: 'confidence' },
  characters: { kind: 'range', title: 'characters' },
  tokens: { kind: 'range', title: 'tokens' },
  unknownRatio: { kind: 'range', title: 'unknown words' },
  anomaly: { kind: 'value', title: 'unusual' },
  status: { kind: 'value', title: 'status' },
  errorType: { kind: 'value', title: 'error' },
  route: { kind: 'value', title: 'route' },
  worker: { kind: 'value', title: 'worker' },
  kept: { kind: 'value', title: 'kept because' },
  review: { kind: 'value', title: 'review' },
  abstained: { kind: 'value', title: 'abstained' },
  synthetic: { kind: 'value', title: 'load test' },
  script: { kind: 'value', title: 'script' },
  shadow: { kind: 'value', title: 'shadow' },
  tokenizeSeconds: { kind: 'range', title: 'tokenize' },
  scoreSeconds: { kind: 'range', title: 'score' },
  inFlight: { kind: 'range', title: 'in flight' },
  eventLoopDelaySeconds: { kind: 'range', title: 'event-loop delay' },
  gcSeconds: { kind: 'range', title: 'garbage collection' },
  batch: { kind: 'value', title: 'batch beside it' },
  retraining: { kind: 'value', title: 'retraining beside it' },
  coldVersion: { kind: 'value', title: 'cold version' },
  traceId: { kind: 'value', title: 'trace' },
  id: { kind: 'value', title: 'id' },
  since: { kind: 'time', title: 'since' },
  until: { kind: 'time', title: 'until' },
};

/** One condition of a filter. A value that starts with `!` excludes. */
export interface Filter {
  readonly field: string;
  readonly value: string;
}

/** Returns the filters among the parameters of a page. */
export function filtersOf(query: URLSearchParams): Filter[] {
  return [...query].filter(([field]) => field in FILTER_FIELDS).map(([field, value]) => ({ field, value }));
}

/** Returns filters as parameters: the query of a request, or a part of an address. */
export function parametersOf(filters: readonly Filter[]): Record<string, string[]> {
  const parameters: Record<string, string[]> = {};
  for (const { field, value } of filters) {
    parameters[field] ??= [];
    parameters[field].push(value);
  }
  return parameters;
}

/** Returns a filter in words, such as "version is not 2" or "request time over 10 ms". */
export function describeFilter({ field, value }: Filter): string {
  const title = FILTER_FIELDS[field]?.title ?? field;
  const isExcluded = value.startsWith('!');
  const plain = isExcluded ? value.slice(1) : value;
  const range = FILTER_FIELDS[field]?.kind === 'range' ? /^([^.].*?)?\.\.(.*)$/.exec(plain) : null;
  if (!range) {
    const shown = field === 'since' || field === 'until' ? plain.replace('T', ' ').replace(/\.\d+Z?$/, '') : plain;
    return `${title} ${isExcluded ? 'is not ' : ''}${shown.length > 24 ? `${shown.slice(0, 12)}…` : shown}`;
  }
  const [, low = '', high = ''] = range;
  const unit = (bound: string) =>
    field.endsWith('Seconds') ? `${trimmed(Number(bound) * 1000)} ms` : trimmed(Number(bound));
  const words =
    low === '' ? `up to ${unit(high)}` : high === '' ? `from ${unit(low)}` : `${unit(low)} to ${unit(high)}`;
  return `${title} ${isExcluded ? 'not ' : ''}${words}`;
}

function trimmed(value: number): string {
  return Number(value.toPrecision(4)).toLocaleString('en-GB', { maximumSignificantDigits: 4 });
}

/** Returns the opposite filter: is, and is not. */
export function negated({ field, value }: Filter): Filter {
  return { field, value: value.startsWith('!') ? value.slice(1) : `!${value}` };
}

const TYPED = /^\s*([a-zA-Z][a-zA-Z -]*?)\s*(!=|>=|<=|=|:|>|<)\s*(.+?)\s*$/;
const DURATION = /^([\d.]+)\s*(µs|us|ms|s)?$/;
const UNIT_SECONDS: Readonly<Record<string, number>> = { µs: 1e-6, us: 1e-6, ms: 1e-3, s: 1 };

/**
 * Returns the filter that a person has typed, such as `version = 2`, `prediction != spam`, `ms > 10`, `confidence < 0.6`
 * or a trace id. A fault is one sentence about what is allowed.
 */
export function parseFilter(text: string): Filter | { readonly fault: string } {
  const plain = text.trim();
  if (/^[0-9a-f]{32}$/i.test(plain)) return { field: 'traceId', value: plain.toLowerCase() };
  const match = TYPED.exec(plain);
  if (!match) {
    if (/^\S{20,}$/.test(plain)) return { field: 'id', value: plain };
    return {
      fault: 'Type a field, a sign and a value, such as version = 2, prediction != spam or ms > 10; or a trace id.',
    };
  }
  const [, name = '', sign = '', value = ''] = match;
  const field = fieldNamed(name);
  if (field === undefined) {
    return { fault: `There is no field "${name}". The fields: ${Object.keys(FILTER_FIELDS).join(', ')}.` };
  }
  const isTime = field.endsWith('Seconds');
  if (sign !== '>' && sign !== '<' && sign !== '>=' && sign !== '<=') {
    return { field, value: `${sign === '!=' ? '!' : ''}${value}` };
  }
  const [, amount, unit = 'ms'] = DURATION.exec(value) ?? [];
  if (FILTER_FIELDS[field]!.kind !== 'range' || amount === undefined) {
    return { fault: `"${name}" can be compared with ${sign} to numbers only, and only if it is a number itself.` };
  }
  const bound = isTime ? Number(amount) * UNIT_SECONDS[unit]! : Number(amount);
  const shown = String(Number(bound.toPrecision(12)));
  return { field, value: sign.startsWith('>') ? `${shown}..` : `..${shown}` };
}

function fieldNamed(name: string): string | undefined {
  const lower = name.toLowerCase();
  if (lower === 'ms' || lower === 'duration' || lower === 'latency') return 'requestSeconds';
  return Object.keys(FILTER_FIELDS).find(
    (field) => field.toLowerCase() === lower || FILTER_FIELDS[field]!.title.toLowerCase() === lower,
  );
}
