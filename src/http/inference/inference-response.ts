import type { Model, ModelVersion } from '../../models/store.ts';
import type { Prediction } from '../../predictions/predictor.ts';
import type { RequestContext } from '../server/context.ts';
import { encodeDoubles, encodeStrings } from './binary-tensors.ts';
import { type Inference, JSON_LENGTH_HEADER } from './inference-request.ts';
import type { InferenceResponse, OutputName, ResponseOutput } from './protocol.ts';

type Tensor =
  | { readonly datatype: 'BYTES'; readonly shape: number[]; readonly data: string[] }
  | { readonly datatype: 'FP64'; readonly shape: number[]; readonly data: number[] }
  | { readonly datatype: 'BOOL'; readonly shape: number[]; readonly data: boolean[] };

/** Answers an inference with JSON, followed by the outputs that the request wants as binary data. */
export function writeInference(
  ctx: RequestContext,
  model: Model,
  { id, outputs }: Inference,
  predictions: readonly Prediction[],
): void {
  const binary: Buffer[] = [];
  const described = outputs.map((output): ResponseOutput => {
    const tensor = tensorOf(output.name, model, predictions);
    const { datatype, shape, data } = tensor;
    const labels = output.name === 'scores' ? labelsParameter(model) : undefined;
    if (!output.binary) return { name: output.name, datatype, shape, ...(labels && { parameters: labels }), data };
    const bytes = encode(tensor);
    binary.push(bytes);
    return { name: output.name, datatype, shape, parameters: { ...labels, binary_data_size: bytes.length } };
  });
  const response: InferenceResponse = {
    model_name: model.name,
    model_version: model.version,
    ...(id !== undefined && { id }),
    outputs: described,
  };
  if (binary.length === 0) {
    ctx.body = response;
    return;
  }
  const json = Buffer.from(JSON.stringify(response));
  ctx.set(JSON_LENGTH_HEADER, String(json.length));
  ctx.type = 'application/octet-stream';
  ctx.body = Buffer.concat([json, ...binary]);
}

/** Returns the labels of the columns of `scores`. A parameter cannot be a list, so the list is JSON in a string. */
export function labelsParameter({ manifest }: ModelVersion): { labels: string } {
  return { labels: JSON.stringify(manifest.labels) };
}

function tensorOf(name: OutputName, { classifier }: Model, predictions: readonly Prediction[]): Tensor {
  const n = predictions.length;
  switch (name) {
    case 'label':
      return { datatype: 'BYTES', shape: [n], data: predictions.map(({ scores }) => scores.label) };
    case 'confidence':
      return { datatype: 'FP64', shape: [n], data: predictions.map(({ scores }) => scores.confidence) };
    case 'scores': {
      const data = predictions.flatMap(({ scores }) => Array.from(scores.probabilities));
      return { datatype: 'FP64', shape: [n, classifier.labels.length], data };
    }
    case 'id':
      return { datatype: 'BYTES', shape: [n], data: predictions.map(({ id }) => id) };
    case 'abstained':
      return { datatype: 'BOOL', shape: [n], data: predictions.map(({ abstained }) => abstained) };
  }
}

function encode(tensor: Tensor): Buffer {
  switch (tensor.datatype) {
    case 'BYTES':
      return encodeStrings(tensor.data);
    case 'FP64':
      return encodeDoubles(tensor.data);
    case 'BOOL':
      return Buffer.from(tensor.data.map(Number));
  }
}
