import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

/** The packages that run encoders. They are not dependencies of Waymark, because most services need neither. */
const ONNX_RUNTIME = 'onnxruntime-node';
const TOKENIZERS = '@huggingface/tokenizers';

/** The command that installs both packages. */
const INSTALL = 'npm run runtimes -- install';

/** The files of the two packages. */
export interface RuntimePackages {
  readonly onnxRuntime: string;
  readonly tokenizers: string;
}

/** A package that an encoder needs and that is not installed. The message is one line, and names the command. */
class MissingRuntimeError extends Error {
  override name = 'MissingRuntimeError';
}

/**
 * Finds the packages in the folder of runtimes, or else among the packages that are installed beside Waymark.
 *
 * @param folder the folder of `RUNTIMES_DIR`
 * @throws {MissingRuntimeError} if a package is not installed
 */
export function findPackages(folder: string | undefined): RuntimePackages {
  const own = folder === undefined ? [] : [createRequire(join(resolve(folder), 'package.json'))];
  const places = [...own, createRequire(import.meta.url)];
  const find = (name: string) => {
    for (const place of places) {
      try {
        return place.resolve(name);
      } catch {
        // It can be in the next place.
      }
    }
    throw new MissingRuntimeError(`an encoder needs the package ${name}, which is not installed: ${INSTALL}`);
  };
  return { onnxRuntime: find(ONNX_RUNTIME), tokenizers: find(TOKENIZERS) };
}

/** A tensor of ONNX Runtime. */
export interface OnnxTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
  dispose?(): void;
}

/** A session of ONNX Runtime. */
export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Blocks its thread until the outputs are there, although it returns a promise. */
  run(feeds: Record<string, OnnxTensor>, fetches: readonly string[]): Promise<Record<string, OnnxTensor>>;
}

/** The part of `onnxruntime-node` that is used here. */
export interface OnnxRuntime {
  readonly InferenceSession: { create(path: string, options: Record<string, unknown>): Promise<OnnxSession> };
  readonly Tensor: new (type: 'int64', data: BigInt64Array, dims: readonly number[]) => OnnxTensor;
}

/** The part of `@huggingface/tokenizers` that is used here. */
export interface Tokenizers {
  readonly Tokenizer: new (tokenizer: object, config: object) => HuggingFaceTokenizer;
}

/** A tokeniser of Hugging Face. */
export interface HuggingFaceTokenizer {
  encode(text: string, options: { add_special_tokens: boolean }): { readonly ids: readonly number[] };
  token_to_id(token: string): number | undefined;
}

/** Loads the packages. */
export function loadPackages(packages: RuntimePackages): { runtime: OnnxRuntime; tokenizers: Tokenizers } {
  const require = createRequire(import.meta.url);
  return {
    runtime: require(packages.onnxRuntime) as OnnxRuntime,
    tokenizers: require(packages.tokenizers) as Tokenizers,
  };
}
