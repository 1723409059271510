import { createHash } from 'node:crypto';
import { copyFile, mkdir, open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import {
  ENCODER_FILES,
  type EncoderDescription,
  type EncoderFile,
  type PoolingName,
} from '../artefacts/encoder-manifest.ts';
import { atomicWriteFolder } from '../platform/atomic-write.ts';
import { listFolders } from '../platform/list-folders.ts';
import { readRegularFile } from '../platform/regular-file.ts';
import { digestOfFile, isFile } from '../signing/folder-files.ts';
import type { EncoderSettings, Output } from './onnx/messages.ts';

/**
 * The folder of the encoders in the models folder. Versions share an encoder by its digest: a retraining adds a few hundred
 * kB and not the whole encoder, and versions in memory share one session. No model can have this name.
 */
const ENCODERS_FOLDER = '.encoders';

/** The folder in which exporters of Hugging Face may put the model. */
const MODEL_FOLDER = 'onnx';

/** The limit on the tokens of a text, because the memory of a batch grows with the square of its longest text. */
const MAX_TOKENS = 512;
const MAX_JSON_BYTES = 64 * 1024 * 1024;

/** A folder that holds no encoder that can be used. The message is one line. */
export class EncoderError extends Error {
  override name = 'EncoderError';
}

/** The encoder in a folder. */
export interface EncoderSource extends Omit<EncoderDescription, 'dimensions'> {
  readonly paths: ReadonlyMap<EncoderFile, string>;
  /** The labels of a fine-tuned classifier, by the number of the output. */
  readonly labels: readonly string[] | undefined;
}

const flag = z.boolean().optional();
const poolingSchema = z.object({
  pooling_mode_cls_token: flag,
  pooling_mode_mean_tokens: flag,
  pooling_mode_max_tokens: flag,
  pooling_mode_mean_sqrt_len_tokens: flag,
  pooling_mode_weightedmean_tokens: flag,
  pooling_mode_lasttoken: flag,
});
const length = z.number().positive().optional().nullable();
const configSchema = z.object({
  max_position_embeddings: length,
  id2label: z.record(z.string(), z.string()).optional(),
});
const sentenceSchema = z.object({ max_seq_length: length });
const tokenizerConfigSchema = z.object({ model_max_length: length });

/**
 * Reads the description of an encoder from a folder as the exporters of Hugging Face write it, or from the models folder.
 *
 * @throws {EncoderError} if the folder has no encoder, or one that is not supported
 */
export async function readEncoder(folder: string): Promise<EncoderSource> {
  const paths = new Map<EncoderFile, string>();
  for (const name of ENCODER_FILES) {
    const places = name.startsWith('model.') ? [name, `${MODEL_FOLDER}/${name}`] : [name];
    for (const place of places)
      if (!paths.has(name) && (await isFile(join(folder, place)))) paths.set(name, join(folder, place));
  }
  for (const name of ['model.onnx', 'tokenizer.json', 'config.json'] as const) {
    if (!paths.has(name)) throw new EncoderError(`${folder} has no ${name}: it is not a folder of an encoder`);
  }
  const config = await readJson(paths.get('config.json'), configSchema);
  const lengths = [
    (await readJson(paths.get('sentence_bert_config.json'), sentenceSchema))?.max_seq_length,
    (await readJson(paths.get('tokenizer_config.json'), tokenizerConfigSchema))?.model_max_length,
    config?.max_position_embeddings,
    MAX_TOKENS,
  ];
  const files = await Promise.all(
    [...paths].map(async ([name, path]) => ({
      name,
      bytes: (await stat(path)).size,
      sha256: await digestOfFile(path),
    })),
  );
  return {
    sha256: digestOfFiles(files),
    files,
    maxTokens: Math.floor(Math.min(...lengths.filter((value) => typeof value === 'number'))),
    pooling: await readPooling(paths.get('1_Pooling/config.json')),
    paths,
    labels: labelsOf(config?.id2label),
  };
}

/** Returns the files and the settings of an encoder for an engine. */
export function settingsOf(
  { paths, maxTokens, pooling }: Pick<EncoderSource, 'paths' | 'maxTokens' | 'pooling'>,
  output: Output,
): EncoderSettings {
  return {
    model: paths.get('model.onnx')!,
    tokenizer: paths.get('tokenizer.json')!,
    tokenizerConfig: paths.get('tokenizer_config.json'),
    maxTokens,
    pooling,
    output,
  };
}

/** Returns the folder of an encoder in the models folder. */
export function encoderFolder(modelsFolder: string, sha256: string): string {
  return join(modelsFolder, ENCODERS_FOLDER, sha256);
}

/** Lists the digests of the encoders in a models folder. */
export async function listEncoders(modelsFolder: string): Promise<string[]> {
  return listFolders(join(modelsFolder, ENCODERS_FOLDER)).catch(() => []);
}

/**
 * Returns the files of the encoder of a version, after a comparison of their content with the manifest.
 *
 * @throws {EncoderError} if a file is missing or has another content
 */
export async function findEncoder(
  modelsFolder: string,
  description: EncoderDescription,
  output: Output,
): Promise<EncoderSettings> {
  const folder = encoderFolder(modelsFolder, description.sha256);
  if (digestOfFiles(description.files) !== description.sha256) {
    throw new EncoderError('the manifest has a digest of its encoder that does not fit its files');
  }
  const paths = new Map<EncoderFile, string>();
  for (const { name, sha256 } of description.files) {
    const path = join(folder, name);
    const digest = await digestOfFile(path).catch((error: NodeJS.ErrnoException) => {
      throw new EncoderError(`${path}, a file of its encoder, cannot be read: ${error.code ?? error.message}`);
    });
    if (digest !== sha256)
      throw new EncoderError(`${path}, a file of its encoder, has another content than the manifest says`);
    paths.set(name, path);
  }
  if (!paths.has('model.onnx') || !paths.has('tokenizer.json'))
    throw new EncoderError('the manifest lacks a file of its encoder');
  return settingsOf({ ...description, paths }, output);
}

/**
 * Copies an encoder into the models folder, unless it is there.
 *
 * @throws the error of the file system
 */
export async function storeEncoder(modelsFolder: string, { sha256, paths }: EncoderSource): Promise<void> {
  const folder = encoderFolder(modelsFolder, sha256);
  if (await isFile(join(folder, 'model.onnx'))) return;
  await atomicWriteFolder(folder, async (draft) => {
    for (const [name, path] of paths) {
      const target = join(draft, name);
      await mkdir(dirname(target), { recursive: true });
      await copyFile(path, target);
      const copy = await open(target);
      await copy.sync().finally(() => copy.close());
    }
  }).catch(async (error: unknown) => {
    // Another process has stored the same encoder in the meantime.
    if (!(await isFile(join(folder, 'model.onnx')))) throw error;
  });
}

function digestOfFiles(files: EncoderDescription['files']): string {
  const lines = files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex');
}

async function readPooling(path: string | undefined): Promise<PoolingName> {
  const config = await readJson(path, poolingSchema);
  if (!config) return 'mean';
  const modes = Object.entries(config).flatMap(([mode, isUsed]) => (isUsed ? [mode] : []));
  const names: Record<string, PoolingName> = {
    pooling_mode_mean_tokens: 'mean',
    pooling_mode_cls_token: 'cls',
    pooling_mode_max_tokens: 'max',
  };
  const [mode = 'none', ...others] = modes;
  const name = names[mode];
  if (name !== undefined && others.length === 0) return name;
  throw new EncoderError(`${path} has the pooling ${modes.join(', ')}; supported are mean, cls and max, one at a time`);
}

/** Returns the labels in the order of the outputs, or `undefined` if there is none for each output. */
function labelsOf(id2label: Readonly<Record<string, string>> | undefined): readonly string[] | undefined {
  const labels = Object.entries(id2label ?? {}).map(([id, label]) => [Number(id), label] as const);
  labels.sort(([a], [b]) => a - b);
  return labels.length > 1 && labels.every(([id], at) => id === at) ? labels.map(([, label]) => label) : undefined;
}

async function readJson<T>(path: string | undefined, schema: z.ZodType<T>): Promise<T | undefined> {
  if (path === undefined) return undefined;
  try {
    return schema.parse(JSON.parse((await readRegularFile(path, MAX_JSON_BYTES)).toString()));
  } catch (error) {
    const reason =
      error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : (error as Error).message;
    throw new EncoderError(`${path} cannot be used: ${reason}`);
  }
}
