import { z } from 'zod';
import type { OipDescription } from '../../artefacts/remote-manifest.ts';
import { type RemoteProtocolAdapter, scoresOfLabel, toScores, urlBelow } from './protocol.ts';

/** Elements can be nested by the dimensions of the tensor. */
type Data = readonly (number | string | boolean | Data)[];
const data: z.ZodType<Data> = z.lazy(() => z.array(z.union([z.number(), z.string(), z.boolean(), data])));

const answerSchema = z.object({ outputs: z.array(z.object({ name: z.string(), data })) });

/** A logit of another size is none, and would make the probabilities no numbers. */
const MAX_LOGIT = 1e6;

/** The difference from 1 that a sum of probabilities may have: servers compute with 16 bits. */
const TOLERANCE = 0.02;

/** Creates the adapter of a model behind the Open Inference Protocol, version 2. */
export function createOip(description: OipDescription, labels: readonly string[]): RemoteProtocolAdapter {
  const { url, model, version, input, output } = description;
  const ofVersion = version === undefined ? '' : `/versions/${encodeURIComponent(version)}`;
  const path = `v2/models/${encodeURIComponent(model)}${ofVersion}/infer`;
  const shape = input.dimensions === 1 ? [1] : [1, 1];
  const outputs = [{ name: output.name }];
  return {
    url: urlBelow(url, path),
    spanName: `POST /${path}`,
    attributes: {},
    bodyOf(text) {
      // With the content type, MLServer takes the text for one string, as all other servers do.
      const tensor = { name: input.name, shape, datatype: 'BYTES', parameters: { content_type: 'str' }, data: [text] };
      return JSON.stringify({ inputs: [tensor], outputs });
    },
    read(json) {
      const found = answerSchema.parse(json).outputs.find(({ name }) => name === output.name);
      if (found === undefined) throw new Error('The output is missing.');
      return { scores: readScores(flatten(found.data), output.content, labels) };
    },
  };
}

function readScores(
  values: readonly (number | string | boolean)[],
  content: OipDescription['output']['content'],
  labels: readonly string[],
): Float32Array {
  if (content === 'labels' || content === 'indexes') {
    const number = content === 'labels' ? labels.indexOf(String(values[0])) : Number(values[0]);
    if (values.length !== 1 || labels[number] === undefined) throw new Error('The output is not one label.');
    return scoresOfLabel(labels, number);
  }
  const numbers = values.filter((value) => typeof value === 'number');
  if (values.length !== labels.length || numbers.length !== labels.length) {
    throw new Error('The output is not a number for each label.');
  }
  if (content === 'logits') {
    if (numbers.some((one) => Math.abs(one) > MAX_LOGIT)) throw new Error('They are no logits.');
    return Float32Array.from(numbers);
  }
  const sum = numbers.reduce((a, b) => a + b, 0);
  if (numbers.some((one) => one < 0) || Math.abs(sum - 1) > TOLERANCE) throw new Error('They are no probabilities.');
  return toScores(numbers);
}

function flatten(values: Data): (number | string | boolean)[] {
  return values.flatMap((value) => (typeof value === 'object' ? flatten(value) : [value]));
}
