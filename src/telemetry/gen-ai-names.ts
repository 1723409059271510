/**
 * The names of OpenTelemetry's conventions for generative AI. They are not stable yet, so they are nowhere else. No attribute with
 * a prompt or an answer is among them.
 */
export const GEN_AI = {
  /** `chat`. */
  operationName: 'gen_ai.operation.name',
  /** The form of the API: `openai`. */
  providerName: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  /** `input` or `output`. */
  tokenType: 'gen_ai.token.type',
  tokenUsage: 'gen_ai.client.token.usage',
} as const;

/** The boundaries of the convention for the numbers of tokens of a request. */
export const TOKEN_COUNTS = [
  1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
];
