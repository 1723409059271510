import { z } from 'zod';
import type { OipDescription } from '../../artefacts/remote-manifest.ts';
import { urlBelow } from '../../runtimes/remote/protocol.ts';
import { UsageError } from '../usage.ts';

const TIMEOUT_MS = 10_000;

const tensor = z.object({
  name: z.string(),
  datatype: z.string(),
  shape: z.array(z.int()).nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
});
const metadataSchema = z.object({ inputs: z.array(tensor).nullish(), outputs: z.array(tensor).nullish() });
type Tensor = z.output<typeof tensor>;

/** The arguments that describe a model behind the Open Inference Protocol. What is missing, the server says. */
export interface OipArguments {
  readonly url: string;
  readonly model: string;
  readonly version: string | undefined;
  readonly input: string | undefined;
  readonly output: string | undefined;
  readonly content: OipDescription['output']['content'] | undefined;
  readonly labels: readonly string[] | undefined;
}

/** The description of a model, and its labels. */
export interface DescribedOip {
  readonly remote: OipDescription;
  readonly labels: readonly string[];
  /** True if only an answer can show whether the numbers are probabilities or logits. */
  readonly isGuessed: boolean;
}

/**
 * Describes a model by its arguments and by the metadata of the server.
 *
 * @throws {UsageError} if the server does not say enough
 */
export async function describeOip(given: OipArguments, key: string | undefined): Promise<DescribedOip> {
  const { url, model, version } = given;
  const { inputs, outputs } = await readMetadata(given, key);
  const input = chooseInput(inputs ?? [], given.input);
  const output = chooseOutput(outputs ?? [], given);
  const labels = given.labels ?? labelsOf(output);
  if (labels === undefined) throw new UsageError('the server does not name the labels: --labels or --task is missing');
  return {
    remote: {
      protocol: 'oip',
      url,
      model,
      ...(version !== undefined && { version }),
      input: { name: input.name, dimensions: dimensionsOf(input) },
      output: { name: output.name, content: given.content ?? contentOf(output) },
    },
    labels,
    isGuessed: given.content === undefined && isFloat(output),
  };
}

async function readMetadata({ url, model, version }: OipArguments, key: string | undefined) {
  const ofVersion = version === undefined ? '' : `/versions/${encodeURIComponent(version)}`;
  const address = urlBelow(url, `v2/models/${encodeURIComponent(model)}${ofVersion}`);
  const response = await fetch(address, {
    headers: { accept: 'application/json', ...(key !== undefined && { authorization: `Bearer ${key}` }) },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: Error) => {
    throw new UsageError(
      `${address.href} cannot be reached: ${(error.cause as Error | undefined)?.message ?? error.message}`,
    );
  });
  if (!response.ok) throw new UsageError(`${address.href} answers ${response.status}`);
  const parsed = metadataSchema.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) throw new UsageError(`${address.href} does not answer with the metadata of a model`);
  return parsed.data;
}

function chooseInput(inputs: readonly Tensor[], name: string | undefined): Tensor {
  if (name !== undefined) return inputs.find((one) => one.name === name) ?? { name, datatype: 'BYTES' };
  const texts = inputs.filter(({ datatype }) => datatype === 'BYTES');
  if (texts.length === 1) return texts[0]!;
  throw new UsageError(`the model has ${texts.length} inputs of texts (BYTES): name one with --input`);
}

function chooseOutput(outputs: readonly Tensor[], { output: name, labels, content }: OipArguments): Tensor {
  if (name !== undefined) {
    const datatype = content === 'labels' ? 'BYTES' : content === 'indexes' ? 'INT64' : 'FP32';
    return outputs.find((one) => one.name === name) ?? { name, datatype };
  }
  // The scores of all labels say more than the label.
  const count = (one: Tensor) => labels?.length ?? labelsOf(one)?.length;
  const scores = outputs.filter((one) => isFloat(one) && one.shape?.at(-1) === count(one));
  if (scores.length === 1) return scores[0]!;
  if (outputs.length === 1) return outputs[0]!;
  const names = outputs.map((one) => `${one.name} (${one.datatype})`).join(', ') || 'none';
  throw new UsageError(`name the output with the scores or the label with --output; the model has: ${names}`);
}

function isFloat({ datatype }: Tensor): boolean {
  return datatype.startsWith('FP') || datatype === 'BF16';
}

function contentOf(output: Tensor): OipDescription['output']['content'] {
  if (isFloat(output)) return 'probabilities';
  return output.datatype === 'BYTES' ? 'labels' : 'indexes';
}

function dimensionsOf({ name, shape }: Tensor): 1 | 2 {
  const dimensions = shape?.length ?? 1;
  if (dimensions === 1 || dimensions === 2) return dimensions;
  throw new UsageError(`the input ${name} has ${dimensions} dimensions; supported are [n] and [n, 1]`);
}

/** Returns the labels that the server names as Waymark does: JSON in the parameter `labels` of the output. */
function labelsOf({ parameters }: Tensor): readonly string[] | undefined {
  const value = parameters?.['labels'];
  try {
    const parsed = z
      .array(z.string())
      .min(2)
      .safeParse(typeof value === 'string' ? JSON.parse(value) : value);
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
