import { z } from 'zod';
import { labelRecord } from '../platform/label-record.ts';

/** The protocols by which a model elsewhere is asked. */
export const REMOTE_PROTOCOLS = ['oip', 'openai'] as const;
export type RemoteProtocol = (typeof REMOTE_PROTOCOLS)[number];

const MAX_NAME = 1_000;
const MAX_INSTRUCTIONS = 20_000;
const MAX_EXAMPLES = 200;
const MAX_PRICE = 1e6;

const name = z.string().min(1).max(MAX_NAME);

/** The address of an endpoint. Keys are in `REMOTE_KEYS_FILE`: a manifest must not hold a secret. */
const url = z
  .url({ protocol: /^https?$/ })
  .max(MAX_NAME)
  .refine((text) => {
    if (!URL.canParse(text)) return false;
    const { username, password, hash } = new URL(text);
    return username === '' && password === '' && hash === '';
  }, 'must have neither a user nor a fragment');

/** The meaning of an output: a number for each label, the predicted label, or its number. */
export const OUTPUT_CONTENTS = ['probabilities', 'logits', 'labels', 'indexes'] as const;

const oipSchema = z.object({
  protocol: z.literal('oip'),
  url,
  /** The model, as the server names it. */
  model: name,
  /** Without a version the server chooses one. */
  version: name.optional(),
  /** The tensor of texts: its shape is `[1]` or `[1, 1]`. */
  input: z.object({ name, dimensions: z.literal([1, 2]) }),
  output: z.object({ name, content: z.enum(OUTPUT_CONTENTS) }),
});

const text = z.string().min(1).max(MAX_INSTRUCTIONS);
const price = z.number().nonnegative().max(MAX_PRICE);

const openaiSchema = z.object({
  protocol: z.literal('openai'),
  /** The address up to `/chat/completions`. */
  url,
  model: name,
  instructions: text,
  /** The meaning of labels whose names do not say it. */
  descriptions: labelRecord(text),
  examples: z.array(z.object({ text, label: name })).max(MAX_EXAMPLES),
  /** The number of alternatives of a token whose log-probabilities are asked for; with 0 none are. */
  topLogprobs: z.int().min(0).max(20),
  maxTokens: z.int().min(1).max(100_000),
  /** The prices of a million tokens. */
  prices: z.object({ currency: z.string().regex(/^[A-Z]{3}$/), input: price, output: price }).optional(),
});

/** The schema of the endpoint in a manifest. */
export const remoteSchema = z.discriminatedUnion('protocol', [oipSchema, openaiSchema]);

/** The endpoint of a version, and how it is asked. */
export type RemoteDescription = z.infer<typeof remoteSchema>;
export type OipDescription = z.infer<typeof oipSchema>;
export type OpenaiDescription = z.infer<typeof openaiSchema>;
export type Prices = NonNullable<OpenaiDescription['prices']>;
