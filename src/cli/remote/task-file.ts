import { z } from 'zod';
import { readRegularFile } from '../../platform/regular-file.ts';
import { UsageError } from '../usage.ts';

const MAX_BYTES = 8 * 1024 * 1024;

const text = z.string().min(1);
const label = z.string().min(1).max(1_000);
const price = z.number().nonnegative();

const schema = z.strictObject({
  labels: z.array(z.union([label, z.strictObject({ label, description: text })])).min(2),
  instructions: text.optional(),
  examples: z.array(z.strictObject({ text, label })).optional(),
  prices: z.strictObject({ currency: z.string().regex(/^[A-Z]{3}$/), input: price, output: price }).optional(),
});

/** The task of a model elsewhere: its labels, and for a language model their meaning. */
export interface RemoteTask {
  readonly labels: readonly string[];
  readonly descriptions: Readonly<Record<string, string>>;
  readonly instructions?: string | undefined;
  readonly examples: readonly { readonly text: string; readonly label: string }[];
  readonly prices?: z.output<typeof schema>['prices'];
}

/**
 * Reads the task of `--task`, or of `--labels`.
 *
 * @returns `undefined` if neither is given
 * @throws {UsageError} if it cannot be used
 */
export async function readTask(path: string | undefined, labels: string | undefined): Promise<RemoteTask | undefined> {
  if (path !== undefined && labels !== undefined) throw new UsageError('--task and --labels are both given');
  if (labels !== undefined) return toTask({ labels: labels.split(',').map((one) => one.trim()) }, '--labels');
  if (path === undefined) return undefined;
  const bytes = await readRegularFile(path, MAX_BYTES).catch((error: Error) => {
    throw new UsageError(`--task ${path} cannot be read: ${error.message}`);
  });
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString());
  } catch (error) {
    throw new UsageError(`--task ${path} is not JSON: ${(error as Error).message}`);
  }
  return toTask(json, `--task ${path}`);
}

function toTask(json: unknown, source: string): RemoteTask {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new UsageError(`${source} cannot be used: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`);
  }
  const { labels, examples = [], instructions, prices } = parsed.data;
  const names = labels.map((one) => (typeof one === 'string' ? one : one.label));
  if (new Set(names).size < names.length) throw new UsageError(`${source} has a label twice`);
  const unknown = examples.find((example) => !names.includes(example.label));
  if (unknown)
    throw new UsageError(`${source} has an example of ${JSON.stringify(unknown.label)}, which is not a label`);
  const described = labels.flatMap((one) => (typeof one === 'string' ? [] : [[one.label, one.description] as const]));
  return { labels: names, descriptions: Object.fromEntries(described), examples, instructions, prices };
}
