import { FILTER_FIELDS } from './filter-fields.ts';

/** An attribute that comparisons use. */
interface ComparedAttribute {
  /** The name of the filter parameter with the same values. */
  readonly name: string;
  /** The attributes of one group say the same in other words. */
  readonly group: string;
  /** True if the attribute is known only after the prediction. */
  readonly isOutcome: boolean;
  /** True if a failed request lacks the attribute. */
  readonly isMissingOnFailure: boolean;
}

const cause = (name: string, isMissingOnFailure = false, group = name): ComparedAttribute => ({
  name,
  group,
  isOutcome: false,
  isMissingOnFailure,
});
const outcome = (name: string, isMissingOnFailure = false, group = name): ComparedAttribute => ({
  name,
  group,
  isOutcome: true,
  isMissingOnFailure,
});

/**
 * The attributes of predictions that comparisons use. The times of a prediction are no attributes, because
 * slow predictions are slow.
 */
export const COMPARED_ATTRIBUTES: readonly ComparedAttribute[] = [
  cause('model', true),
  cause('version', true),
  cause('role', true),
  cause('route'),
  cause('worker'),
  cause('characters', true, 'length'),
  cause('tokens', true, 'length'),
  cause('unknownRatio', true),
  cause('script', true),
  cause('inFlight'),
  cause('eventLoopDelaySeconds'),
  cause('gcSeconds'),
  cause('batch'),
  cause('retraining'),
  cause('coldVersion'),
  outcome('prediction', true),
  outcome('confidence', true),
  outcome('anomaly', true),
  outcome('shadow', true),
  outcome('status', false, 'failure'),
  outcome('errorType', false, 'failure'),
];

/** The groups of filter parameters that are no attributes of comparisons. */
const GROUPS: Readonly<Record<string, string>> = {
  requestSeconds: 'time',
  tokenizeSeconds: 'time',
  scoreSeconds: 'time',
  label: 'feedback',
  correct: 'feedback',
  abstained: 'confidence',
  synthetic: 'load test',
  id: 'identity',
  traceId: 'identity',
  since: 'when',
  until: 'when',
};

/** The groups of the values of the parameter `kept`. */
const KEPT_GROUPS: Readonly<Record<string, string>> = {
  slow: 'time',
  error: 'failure',
  anomaly: 'anomaly',
  wrong: 'feedback',
};

/** Returns the groups by which a filter parameter selects. */
export function groupsOfParameter(name: string, values: readonly string[]): string[] {
  if (name === 'kept') return values.flatMap((value) => KEPT_GROUPS[value.replace(/^!/, '')] ?? []);
  const compared = COMPARED_ATTRIBUTES.find((attribute) => attribute.name === name);
  return [compared?.group ?? GROUPS[name] ?? name];
}

/** Returns the field of an attribute. */
export function fieldOf({ name }: ComparedAttribute) {
  return FILTER_FIELDS[name]!;
}
