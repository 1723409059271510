import { z } from 'zod';

/**
 * The Open Inference Protocol's objects (V2, REST), as far as a text classifier takes and gives them. Where the protocol
 * lets servers and clients add fields, unknown ones are let through: it is not Waymark's to close.
 * Clients that write `null` for what they leave out are as right as those that leave it out.
 */

/** The one input: a tensor of texts. */
export const INPUT = 'text';

/** Every output, in the order in which all are returned. */
export const OUTPUTS = ['label', 'confidence', 'scores', 'id'] as const;
export type OutputName = (typeof OUTPUTS)[number];

const parameter = z.union([z.string(), z.number(), z.boolean()], 'must be a string, a number or a boolean');
const parameters = z.record(z.string(), parameter, 'must be an object');
const flag = z.boolean('must be true or false');
const count = z.int('must be a whole number').nonnegative('must not be negative');
const text = z.string('must be a string');

const requestInput = z.looseObject(
  {
    name: z.literal(INPUT, `must be "${INPUT}", the one input`),
    datatype: z.literal('BYTES', 'must be "BYTES"'),
    shape: z
      .array(count, 'must be an array of numbers')
      .min(1, 'must be [n] or [n, 1]')
      .max(2, 'must be [n] or [n, 1]')
      .meta({ description: '`[n]` or `[n, 1]`' }),
    parameters: z
      .object({ binary_data_size: count.optional() }, 'must be an object')
      .catchall(parameter)
      .nullish()
      .meta({ description: '`binary_data_size`: the tensor is in the body after the JSON, with so many bytes' }),
    data: z
      .union([z.array(text), z.array(z.array(text))], 'must be an array of strings')
      .optional()
      .meta({ description: 'The texts; left out where the tensor is sent as binary data' }),
  },
  'must be an object: {"name", "shape", "datatype", "data"}',
);

const requestOutput = z.looseObject(
  {
    name: z.enum(OUTPUTS, `must be one of ${OUTPUTS.join(', ')}`),
    parameters: z.object({ binary_data: flag.optional() }, 'must be an object').catchall(parameter).nullish(),
  },
  'must be an object: {"name"}',
);

export const inferenceRequest = z.looseObject(
  {
    id: z.string('must be a string').nullish().meta({ description: 'Comes back in the response' }),
    parameters: z
      .object({ binary_data_output: flag.optional() }, 'must be an object')
      .catchall(parameter)
      .nullish()
      .meta({ description: '`binary_data_output`: outputs come as binary data where they do not say otherwise' }),
    inputs: z.array(requestInput, 'must be an array').length(1, `must hold one input, "${INPUT}"`),
    outputs: z
      .array(requestOutput, 'must be an array')
      .nullish()
      .meta({ description: 'Which outputs to return, in this order; all of them where it is left out' }),
  },
  'must be an object: {"inputs": [{"name", "shape", "datatype", "data"}]}',
);
export type InferenceRequest = z.output<typeof inferenceRequest>;
export type RequestInput = InferenceRequest['inputs'][number];

export const inferenceResponse = z.object({
  model_name: z.string(),
  model_version: z.string(),
  id: z.string().optional(),
  outputs: z.array(
    z.object({
      name: z.enum(OUTPUTS),
      datatype: z.enum(['BYTES', 'FP64']),
      shape: z.array(z.int()),
      parameters: parameters.optional(),
      data: z.union([z.array(z.string()), z.array(z.number())]).optional(),
    }),
  ),
});
export type InferenceResponse = z.output<typeof inferenceResponse>;
export type ResponseOutput = InferenceResponse['outputs'][number];

export const serverMetadata = z.object({ name: z.string(), version: z.string(), extensions: z.array(z.string()) });

const metadataTensor = z.object({
  name: z.string(),
  datatype: z.string(),
  shape: z.array(z.int()),
  parameters: parameters.optional(),
});

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

export const indexRequest = z.looseObject(
  { ready: flag.nullish().meta({ description: 'Only what is ready for inference' }) },
  'must be an object: {"ready"?: boolean}',
);

export const indexResponse = z.array(
  z.object({ name: z.string(), version: z.string(), state: z.enum(['READY', 'UNAVAILABLE']), reason: z.string() }),
);
export type IndexEntry = z.output<typeof indexResponse>[number];

/** What `load` takes: a model is loaded as it is stored, so that no parameter is left to set. The body may be empty. */
export const loadRequest = z.looseObject(
  { parameters: z.strictObject({}, 'must be an object').nullish() },
  'must be an object: {"parameters"?: {}}',
);

/** What `unload` takes. No model depends on another here, so that whatever it says of dependents holds. */
export const unloadRequest = z.looseObject(
  { parameters: parameters.nullish() },
  'must be an object: {"parameters"?: object}',
);
