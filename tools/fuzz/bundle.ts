import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { instrument } from './instrument.ts';
import { moduleOf, type TargetName } from './targets.ts';

/** Packages that stay outside of the bundle, because they parse nothing that the fuzzer sends: telemetry, and the stemmer. */
const EXTERNAL = /^(?:node:|@opentelemetry\/(?!core$)|natural\/|koa|pino|@koa\/)/;

/** A target as one instrumented module. */
export interface Bundle {
  readonly path: string;
  /** The number of counters that the module counts in. */
  readonly counters: number;
  /** Words of the parsers, such as names of fields. */
  readonly words: readonly string[];
}

/**
 * Bundles a target with the packages that it uses, and adds counters to it.
 *
 * @param folder the folder for the module; packages outside of the bundle must be found from there
 */
export async function bundle(target: TargetName, folder: string): Promise<Bundle> {
  const built = await rolldown({ input: moduleOf(target), platform: 'node', external: EXTERNAL, logLevel: 'silent' });
  const { output } = await built.generate({ format: 'esm', codeSplitting: false });
  await built.close();
  const { code, counters, words } = instrument(output[0].code);
  const path = join(folder, 'target.mjs');
  await writeFile(path, code);
  return { path, counters, words };
}
