import type { Attributes } from '@opentelemetry/api';
import type { Model } from '../models/store.ts';
import { ATTRIBUTE, LABEL } from '../telemetry/names.ts';

const telemetryByModel = new WeakMap<Model, ModelTelemetry>();

/** Attributes that are created once per model for all its predictions. */
interface ModelTelemetry {
  /** The attributes of metrics. They are frozen, because instruments look up frozen objects by identity. */
  readonly labels: Attributes;
  readonly byLabel: ReadonlyMap<string, Attributes>;
  /** `NAME@VERSION`. */
  readonly reference: string;
  /** A template of the attributes of a `classify` span. To copy it is faster than to create a new object. */
  readonly spanAttributes: Attributes;
  /** True if only some texts go on to the encoder of the model. */
  readonly isCascade: boolean;
}

/** Returns the telemetry of a model version, which is created once. */
export function telemetryOf(model: Model): ModelTelemetry {
  const known = telemetryByModel.get(model);
  if (known !== undefined) return known;
  const labels = Object.freeze({ [LABEL.model]: model.name, [LABEL.version]: model.version });
  const withLabel = (label: string) => Object.freeze({ ...labels, [LABEL.label]: label });
  const created: ModelTelemetry = {
    labels,
    reference: `${model.name}@${model.version}`,
    byLabel: new Map(model.classifier.labels.map((label) => [label, withLabel(label)])),
    spanAttributes: {
      [ATTRIBUTE.modelName]: model.name,
      [ATTRIBUTE.modelVersion]: model.version,
      [ATTRIBUTE.modelRole]: '',
      [ATTRIBUTE.inputCharacters]: 0,
      [ATTRIBUTE.predictionId]: '',
      [ATTRIBUTE.predictionLabel]: '',
      [ATTRIBUTE.predictionConfidence]: 0,
      [ATTRIBUTE.inputTokens]: 0,
      [ATTRIBUTE.inputUnknownRatio]: 0,
    },
    isCascade: model.manifest.algorithm === 'cascade',
  };
  telemetryByModel.set(model, created);
  return created;
}
