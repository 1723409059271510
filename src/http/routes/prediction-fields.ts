import type { Model } from '../../models/store.ts';
import type { Prediction } from '../../predictions/predictor.ts';

/** What is the same in the answers of one model version, as JSON. */
interface Prepared {
  readonly model: string;
  /** In the order of its labels. */
  readonly keys: readonly string[];
  readonly labels: ReadonlyMap<string, string>;
}

const prepared = new WeakMap<Model, Prepared>();

/**
 * A prediction as the fields of a JSON object, without its braces. Of an answer only the numbers are made each time: names
 * and labels are quoted once a model version.
 */
export function predictionFields({ id, model, scores, explanation }: Prediction): string {
  const { keys, labels, model: reference } = preparedFor(model);
  let byLabel = '';
  for (let at = 0; at < keys.length; at += 1) {
    byLabel += `${at === 0 ? '' : ','}${keys[at]}${scores.probabilities[at]}`;
  }
  const fields =
    `"id":"${id}","prediction":${labels.get(scores.label)},"confidence":${scores.confidence},` +
    `"scores":{${byLabel}},${reference}`;
  return explanation ? `${fields},"explanation":${JSON.stringify(explanation)}` : fields;
}

function preparedFor(model: Model): Prepared {
  const known = prepared.get(model);
  if (known) return known;
  const { name, version, classifier } = model;
  const labels = new Map(classifier.labels.map((label) => [label, JSON.stringify(label)]));
  const added = {
    model: `"model":${JSON.stringify({ name, version })}`,
    keys: [...labels.values()].map((label) => `${label}:`),
    labels,
  };
  prepared.set(model, added);
  return added;
}
