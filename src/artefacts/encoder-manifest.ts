import { z } from 'zod';

/** The ways to make one embedding of those of all tokens. */
export const POOLING_NAMES = ['mean', 'cls', 'max'] as const;
export type PoolingName = (typeof POOLING_NAMES)[number];

/** The files of an encoder, as they are stored. The model and the tokeniser are always there. */
export const ENCODER_FILES = [
  'model.onnx',
  'model.onnx_data',
  'tokenizer.json',
  'tokenizer_config.json',
  'config.json',
  'sentence_bert_config.json',
  '1_Pooling/config.json',
] as const;
export type EncoderFile = (typeof ENCODER_FILES)[number];

/** The maximum number of values of an embedding, and of tokens of a text. */
const MAX_DIMENSIONS = 16_384;
const MAX_TOKENS = 8_192;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** The schema of the encoder in a manifest. */
export const encoderSchema = z.object({
  /** The digest of the list of files. It is also the name of the folder with the files. */
  sha256,
  files: z
    .array(
      z.object({
        name: z.enum(ENCODER_FILES),
        bytes: z
          .int()
          .nonnegative()
          .max(2 ** 40),
        sha256,
      }),
    )
    .max(ENCODER_FILES.length),
  /** The number of values of an output. */
  dimensions: z.int().min(1).max(MAX_DIMENSIONS),
  maxTokens: z.int().min(3).max(MAX_TOKENS),
  pooling: z.enum(POOLING_NAMES),
});

/** The encoder of a version. */
export type EncoderDescription = z.infer<typeof encoderSchema>;
