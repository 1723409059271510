import { z } from 'zod';
import { boundedArray } from '../server/bounded-array.ts';

// The objects of the Open Inference Protocol (V2, REST) that a text classifier needs. The protocol allows more fields,
// so unknown fields pass. Some clients send `null` for a missing field, so `null` passes too.

/** The name of the only input, a tensor of texts. */
export const INPUT = 'text';

/** The names of the outputs that a request without `outputs` gets, in this order. */
export const DEFAULT_OUTPUTS = ['label', 'confidence', 'scores', 'id'] as const;
/** The names of all outputs. A request must name `abstained`: clients that know the others may not read its data type. */
export const OUTPUTS = [...DEFAULT_OUTPUTS, 'abstained'] as const;
/** The name of an output. */
export type OutputName = (typeof OUTPUTS)[number];

const parameter = z.union([z.string(), z.number(), z.boolean()], 'must be a string, a number or a boolean');
const parameters = z.record(z.string(), parameter, 'must be an object');
const flag = z.boolean('must be true or false');
const count = z.int('must be a whole number').nonnegative('must not be negative');

/** The forms of texts that a parameter can announce: as they are, or their UTF-8 in base64 (as of MLServer). */
const contentType = z.enum(['str', 'base64'], 'must be "str" or "base64"').nullish();
/** A parameter that would change the meaning of the texts, if it had another value. */
const utf8Only = z.stringFormat('utf-8', /^utf-?8$/i, 'must be "utf-8"').nullish();
const meaning = {
  content_type: contentType,
  charset: utf8Only,
  encoding: utf8Only,
  content_encoding: z.null('must be absent').optional(),
};

const requestInput = z.looseObject(
  {
    name: z.literal(INPUT, `must be "${INPUT}", the only input`),
    datatype: z.literal('BYTES', 'must be "BYTES"'),
    shape: boundedArray(count, 'must be an array of numbers', { max: 2, tooLong: () => 'must be [n] or [n, 1]' })
      .refine((shape) => shape.length > 0, 'must be [n] or [n, 1]')
      .meta({ minItems: 1, description: '`[n]` or `[n, 1]`' }),
    parameters: z
      .looseObject({ binary_data_size: count.optional(), ...meaning }, 'must be an object')
      .nullish()
      .meta({
        description:
          '`binary_data_size`: the number of bytes of the tensor in the body after the JSON; `content_type`: `str` or `base64`',
      }),
    // The reader checks the elements: it stops at the first fault or at the maximum.
    data: z
      .array(z.unknown(), 'must be an array of strings')
      .optional()
      .meta({
        description: 'The texts; absent if the tensor is sent as binary data',
        items: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
      }),
  },
  'must be an object: {"name", "shape", "datatype", "data"}',
);

const requestOutput = z.looseObject(
  {
    name: z.enum(OUTPUTS, `must be one of ${OUTPUTS.join(', ')}`),
    parameters: z.looseObject({ binary_data: flag.optional() }, 'must be an object').nullish(),
  },
  'must be an object: {"name"}',
);

/** The body of an inference request. */
export const inferenceRequest = z.looseObject(
  {
    id: z.string('must be a string').nullish().meta({ description: 'Returned in the response' }),
    parameters: z
      .looseObject({ binary_data_output: flag.optional(), ...meaning }, 'must be an object')
      .nullish()
      .meta({
        description: '`binary_data_output`: returns outputs as binary data, unless an output sets `binary_data`',
      }),
    inputs: boundedArray(requestInput, 'must be an array', { max: 1, tooLong: () => `must hold one input, "${INPUT}"` })
      .refine((inputs) => inputs.length === 1, `must hold one input, "${INPUT}"`)
      .meta({ minItems: 1 }),
    outputs: boundedArray(requestOutput, 'must be an array', { max: OUTPUTS.length })
      .nullish()
      .meta({ description: `The outputs to return, in this order; default: ${DEFAULT_OUTPUTS.join(', ')}` }),
  },
  'must be an object: {"inputs": [{"name", "shape", "datatype", "data"}]}',
);
export type InferenceRequest = z.output<typeof inferenceRequest>;
export type RequestInput = InferenceRequest['inputs'][number];

/** The body of an inference response. */
export const inferenceResponse = z.object({
  model_name: z.string(),
  model_version: z.string(),
  id: z.string().optional(),
  outputs: z.array(
    z.object({
      name: z.enum(OUTPUTS),
      datatype: z.enum(['BYTES', 'FP64', 'BOOL']),
      shape: z.array(z.int()),
      parameters: parameters.optional(),
      data: z.union([z.array(z.string()), z.array(z.number()), z.array(z.boolean())]).optional(),
    }),
  ),
});
export type InferenceResponse = z.output<typeof inferenceResponse>;
export type ResponseOutput = InferenceResponse['outputs'][number];

/** The body of `GET /v2`. */
export const serverMetadata = z.object({ name: z.string(), version: z.string(), extensions: z.array(z.string()) });

const metadataTensor = z.object({
  name: z.string(),
  datatype: z.string(),
  shape: z.array(z.int()),
  parameters: parameters.optional(),
});

/** The body of `GET /v2/models/{name}`. */
export const modelMetadata = z.object({
  name: z.string(),
  versions: z.array(z.string()),
  platform: z.string(),
  inputs: z.array(metadataTensor),
  outputs: z.array(metadataTensor),
});

export const serverLive = z.object({ live: z.boolean() });
export const serverReady = z.object({ live: z.boolean(), ready: z.boolean() });
export const modelReady = z.object({ name: z.string(), ready: z.boolean() });

/** The body of `POST /v2/repository/index`. It may be empty. */
export const indexRequest = z.looseObject(
  { ready: flag.nullish().meta({ description: 'Lists only versions that are ready for inference' }) },
  'must be an object: {"ready"?: boolean}',
);

/** The answer of `POST /v2/repository/index`. */
export const indexResponse = z.array(
  z.object({ name: z.string(), version: z.string(), state: z.enum(['READY', 'UNAVAILABLE']), reason: z.string() }),
);
export type IndexEntry = z.output<typeof indexResponse>[number];

/** The body of `load`. It may be empty. There are no parameters: a model is loaded as it is stored. */
export const loadRequest = z.looseObject(
  { parameters: z.strictObject({}, 'must be an object').nullish() },
  'must be an object: {"parameters"?: {}}',
);

/** The body of `unload`. It may be empty. Parameters about dependents have no effect: no model depends on another. */
export const unloadRequest = z.looseObject(
  { parameters: parameters.nullish() },
  'must be an object: {"parameters"?: object}',
);
