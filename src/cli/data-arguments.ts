import { STANDARD_INPUT } from '../datasets/byte-source.ts';
import type { DataFiles } from '../training/read-examples.ts';
import { UsageError } from './usage.ts';

/** The options that name data files, for `parseArgs`. */
export const dataOptions = {
  data: { type: 'string', multiple: true },
  'text-field': { type: 'string' },
  'label-field': { type: 'string' },
} as const;

/** The options of commands that import a model as it is, for `parseArgs`. */
export const importOptions = {
  calibrate: { type: 'string', multiple: true },
  'text-field': { type: 'string' },
  'label-field': { type: 'string' },
  model: { type: 'string' },
  activate: { type: 'boolean', default: false },
  version: { type: 'string' },
  models: { type: 'string', default: './models' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const;

/** The description of data files, for `--help`. */
export const DATA_HELP = `Data files are JSON Lines, CSV or TSV with a header, in UTF-8 or UTF-16, compressed by gzip or not. The
ending of the name (.jsonl, .csv, .tsv, with .gz or not) decides the format, else the first line does.
Repeat --data for several files; "-" is standard input.`;

/** The values of the options that name fields. */
export interface FieldValues {
  readonly 'text-field'?: string | undefined;
  readonly 'label-field'?: string | undefined;
}

/**
 * Returns data files by the values of their options.
 *
 * @throws {UsageError} if a value cannot be used
 */
export function toDataFiles(paths: readonly string[], fields: FieldValues): DataFiles {
  const { 'text-field': textField, 'label-field': labelField } = fields;
  if ((textField ?? 'text') === (labelField ?? 'label')) {
    throw new UsageError(`--text-field and --label-field are both ${JSON.stringify(textField ?? labelField)}`);
  }
  if (textField === '' || labelField === '') throw new UsageError('--text-field and --label-field must not be empty');
  return { paths, textField, labelField };
}

/**
 * Checks that standard input is read only once.
 *
 * @throws {UsageError} if it is named more than once
 */
export function requireOneStandardInput(paths: readonly string[]): void {
  if (paths.filter((path) => path === STANDARD_INPUT).length < 2) return;
  throw new UsageError('standard input ("-") is named twice, and can be read only once');
}
