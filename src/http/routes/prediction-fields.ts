import type { Model } from '../../models/store.ts';
import type { Prediction } from '../../predictions/predictor.ts';

/** The constant parts of the answers of one model version, as JSON. */
interface ConstantParts {
  readonly model: string;
  /** The keys of `scores`, in the order of the labels. */
  readonly keys: readonly string[];
  /** The labels as JSON strings. */
  readonly labels: ReadonlyMap<string, string>;
}

const constantParts = new WeakMap<Model, ConstantParts>();

/**
 * Returns a prediction as the fields of a JSON object, without its braces. Only the numbers are converted for each
 * answer. Names and labels are quoted once for each model version.
 */
export function predictionFields({ id, model, scores, anomalies, review, explanation }: Prediction): string {
  const { keys, labels, model: reference } = constantPartsOf(model);
  let probabilities = '';
  for (let i = 0; i < keys.length; i += 1) {
    probabilities += `${i === 0 ? '' : ','}${keys[i]}${scores.probabilities[i]}`;
  }
  const fields =
    `"id":"${id}","prediction":${labels.get(scores.label)},"confidence":${scores.confidence},` +
    `"scores":{${probabilities}},"anomalies":${anomalies.length === 0 ? '[]' : JSON.stringify(anomalies)},${reference}`;
  const asked = review ? `${fields},"review":true` : fields;
  return explanation ? `${asked},"explanation":${JSON.stringify(explanation)}` : asked;
}

function constantPartsOf(model: Model): ConstantParts {
  const known = constantParts.get(model);
  if (known) return known;
  const { name, version, classifier } = model;
  const labels = new Map(classifier.labels.map((label) => [label, JSON.stringify(label)]));
  const added = {
    model: `"model":${JSON.stringify({ name, version })}`,
    keys: [...labels.values()].map((label) => `${label}:`),
    labels,
  };
  constantParts.set(model, added);
  return added;
}
