import { readFileSync } from 'node:fs';
import type { EncoderThreadData } from './messages.ts';
import { loadPackages, type OnnxRuntime, type OnnxSession, type OnnxTensor } from './packages.ts';
import { normalise, poolTokens } from './pooling.ts';
import { createTokenIds, isLowercasing, type TokenIds } from './token-ids.ts';

/** An encoder on the thread of the caller. */
export interface EncoderSession {
  /** The number of values of an output. */
  readonly dimensions: number;
  tokenize(text: string): TokenIds;
  /** Returns the outputs of texts, one after the other. It blocks the thread. */
  encode(texts: readonly TokenIds[]): Promise<Float32Array<ArrayBuffer>>;
}

/** The inputs that an encoder can have. */
const INPUTS = ['input_ids', 'attention_mask', 'token_type_ids'];

/** The names of outputs, best first. Another name is used if it is the only one. */
const OUTPUTS = {
  embedding: ['sentence_embedding', 'last_hidden_state', 'token_embeddings', 'hidden_states'],
  logits: ['logits', 'output', 'scores'],
} as const;

/**
 * Options of a session. One thread each, because the pool of more threads would take all cores and spin while it is idle.
 * Without an arena and without patterns of memory, the memory of a long text is returned after it.
 */
const SESSION_OPTIONS = {
  executionProviders: ['cpu'],
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  enableCpuMemArena: false,
  enableMemPattern: false,
  logSeverityLevel: 3,
};

/**
 * Opens an encoder, and encodes one text to learn the size of its outputs.
 *
 * @throws {Error} if the files are not those of an encoder
 */
export async function openSession(data: EncoderThreadData): Promise<EncoderSession> {
  const { runtime, tokenizers } = loadPackages(data.packages);
  const config = data.tokenizerConfig === undefined ? {} : readJson(data.tokenizerConfig);
  const json = readJson(data.tokenizer);
  const tokenize = createTokenIds(new tokenizers.Tokenizer(json, config), data.maxTokens, isLowercasing(json));
  const session = await runtime.InferenceSession.create(data.model, SESSION_OPTIONS);
  const unknown = session.inputNames.filter((name) => !INPUTS.includes(name));
  if (unknown.length > 0)
    throw new Error(`the model has the input ${unknown.join(', ')}; known are ${INPUTS.join(', ')}`);
  const outputName = chooseOutput(session, OUTPUTS[data.output]);

  async function encode(texts: readonly TokenIds[]): Promise<Float32Array<ArrayBuffer>> {
    const length = Math.max(...texts.map(({ ids }) => ids.length));
    const outputs = await session.run(feedsOf(runtime, session, texts, length), [outputName]);
    const output = outputs[outputName]!;
    try {
      return readOutput(output, texts, length, data);
    } finally {
      output.dispose?.();
    }
  }

  return { dimensions: (await encode([tokenize('a')])).length, tokenize, encode };
}

function readJson(path: string): object {
  return JSON.parse(readFileSync(path, 'utf8')) as object;
}

function chooseOutput({ outputNames }: OnnxSession, known: readonly string[]): string {
  const found =
    known.find((name) => outputNames.includes(name)) ?? (outputNames.length === 1 ? outputNames[0] : undefined);
  if (found !== undefined) return found;
  throw new Error(`the model has the outputs ${outputNames.join(', ')}; one of ${known.join(', ')} is needed`);
}

function feedsOf(
  { Tensor }: OnnxRuntime,
  { inputNames }: OnnxSession,
  texts: readonly TokenIds[],
  length: number,
): Record<string, OnnxTensor> {
  const dims = [texts.length, length];
  const fill = (valueFor: (id: number) => bigint) => {
    const values = new BigInt64Array(texts.length * length);
    for (const [text, { ids }] of texts.entries()) {
      for (let at = 0; at < ids.length; at += 1) values[text * length + at] = valueFor(ids[at]!);
    }
    return new Tensor('int64', values, dims);
  };
  const inputs: Record<string, () => OnnxTensor> = {
    input_ids: () => fill(BigInt),
    attention_mask: () => fill(() => 1n),
    token_type_ids: () => fill(() => 0n),
  };
  return Object.fromEntries(inputNames.map((name) => [name, inputs[name]!()]));
}

/** Returns the outputs of texts: pooled if there is one for each token. */
function readOutput(
  { type, dims, data }: OnnxTensor,
  texts: readonly TokenIds[],
  length: number,
  { output, pooling }: EncoderThreadData,
): Float32Array<ArrayBuffer> {
  if (type !== 'float32' || !(data instanceof Float32Array)) throw new Error(`the model has outputs of type ${type}`);
  const dimensions = dims.at(-1) ?? 0;
  const outputs = new Float32Array(texts.length * dimensions);
  if (dims.length === 2 && output === 'logits') {
    outputs.set(data.subarray(0, outputs.length));
    return outputs;
  }
  for (const [text, { ids }] of texts.entries()) {
    const vector =
      dims.length === 2
        ? normalise(data.subarray(text * dimensions, (text + 1) * dimensions))
        : poolTokens(data, text, length, ids.length, dimensions, pooling);
    outputs.set(vector, text * dimensions);
  }
  return outputs;
}
