import type { Model } from '../../models/store.ts';
import type { PredictionCaller } from '../../predictions/prediction-origin.ts';
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
 *
 * @param answers what the caller may know
 */
export function predictionFields(prediction: Prediction, answers: PredictionCaller['answers'] = 'scores'): string {
  const { id, model, scores, anomalies, explanation } = prediction;
  if (answers !== 'scores') return limitedFields(prediction, answers);
  const { keys, labels, model: reference } = constantPartsOf(model);
  let probabilities = '';
  for (let i = 0; i < keys.length; i += 1) {
    probabilities += `${i === 0 ? '' : ','}${keys[i]}${scores.probabilities[i]}`;
  }
  const fields =
    `"id":"${id}","prediction":${labels.get(scores.label)},"confidence":${scores.confidence},` +
    `"scores":{${probabilities}},"anomalies":${anomalies.length === 0 ? '[]' : JSON.stringify(anomalies)},${reference}`;
  const marked = fields + marksOf(prediction);
  return explanation ? `${marked},"explanation":${JSON.stringify(explanation)}` : marked;
}

/** Returns the fields for a caller that may not know the scores. Without the confidence it may not know the anomalies either. */
function limitedFields(prediction: Prediction, answers: 'label' | 'top'): string {
  const { id, model, scores, anomalies } = prediction;
  const { labels, model: reference } = constantPartsOf(model);
  const top = answers === 'top' ? `"confidence":${scores.confidence},"anomalies":${JSON.stringify(anomalies)},` : '';
  return `"id":"${id}","prediction":${labels.get(scores.label)},${top}${reference}${marksOf(prediction)}`;
}

/** Returns the fields that most answers do not have. */
function marksOf({ review, abstained }: Prediction): string {
  return (review ? ',"review":true' : '') + (abstained ? ',"abstained":true' : '');
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
