import { join } from 'node:path';

/** The names of the fuzz targets: the modules in `targets/`, and the folders of their corpora. */
export const TARGETS = [
  'accept',
  'artefact',
  'endpoint-answer',
  'inference',
  'mail',
  'mail-header',
  'model-signature',
  'prediction-id',
  'token-file',
  'trace-context',
] as const;

export type TargetName = (typeof TARGETS)[number];

const PROJECT = join(import.meta.dirname, '../..');

/** Returns the folder of the inputs of a target. A test runs each of them, so a file there is a test case. */
export function corpusOf(target: TargetName): string {
  return join(PROJECT, 'test/fixtures/fuzz', target);
}

/** Returns the module of a target. It exports `fuzz(data)`, which throws if it finds a fault. */
export function moduleOf(target: TargetName): string {
  return join(import.meta.dirname, 'targets', `${target}.ts`);
}
