import { Problem } from '../../platform/problems.ts';
import { checked, parseJson, readBody } from '../server/body.ts';
import type { RequestContext } from '../server/context.ts';
import { decodeStrings } from './binary-tensors.ts';
import {
  INPUT,
  type InferenceRequest,
  inferenceRequest,
  OUTPUTS,
  type OutputName,
  type RequestInput,
} from './protocol.ts';

/** The header that says where the JSON ends and the binary tensors begin. */
export const HEADER_LENGTH = 'inference-header-content-length';

/** What an inference request asks for. */
export interface Inference {
  readonly id: string | undefined;
  readonly texts: readonly string[];
  readonly outputs: readonly { readonly name: OutputName; readonly binary: boolean }[];
}

export interface InferenceLimits {
  readonly maxBytes: number;
  readonly maxTexts: number;
  readonly maxCharacters: number;
}

/**
 * Reads an inference request with its tensor of texts, in JSON or as binary data. The content type is not looked at:
 * the protocol's own clients send none, and the header above says all there is to know.
 *
 * @throws {Problem} 400, 413, 415 or 422
 */
export async function readInference(ctx: RequestContext, limits: InferenceLimits): Promise<Inference> {
  const body = await readBody(ctx, limits.maxBytes);
  const jsonLength = headerLength(ctx.get(HEADER_LENGTH), body.length);
  const request = checked(parseJson(body.subarray(0, jsonLength)), inferenceRequest);
  const texts = readTexts(request.inputs[0]!, body.subarray(jsonLength));
  if (texts.length === 0 || texts.length > limits.maxTexts) {
    throw new Problem(
      texts.length === 0 ? 'invalid-request' : 'batch-too-large',
      `The input "${INPUT}" holds ${texts.length} texts; from 1 to ${limits.maxTexts} are allowed.`,
    );
  }
  const long = texts.findIndex((text) => text.length > limits.maxCharacters);
  if (long !== -1) {
    throw new Problem(
      'text-too-long',
      `Element ${long} of the input "${INPUT}" has ${texts[long]!.length} characters; at most ${limits.maxCharacters} are allowed.`,
    );
  }
  return { id: request.id ?? undefined, texts, outputs: readOutputs(request) };
}

function headerLength(header: string, bodyLength: number): number {
  if (header === '') return bodyLength;
  const length = /^\d{1,15}$/.test(header) ? Number(header) : Number.NaN;
  if (length <= bodyLength) return length;
  throw new Problem(
    'invalid-request',
    `The header "Inference-Header-Content-Length" must be the length of the JSON, from 0 to the body's ${bodyLength} bytes.`,
  );
}

function readTexts({ shape, data, parameters }: RequestInput, binary: Uint8Array): readonly string[] {
  const size = parameters?.binary_data_size;
  if (data !== undefined && size !== undefined) {
    throw new Problem('invalid-request', `The input "${INPUT}" has both "data" and "binary_data_size"; send one.`);
  }
  if (data !== undefined && binary.length > 0) throw strayBytes(binary.length);
  const texts = data === undefined ? readBinary(size, binary) : data.flat();
  const [n = 0, width = 1] = shape;
  if (width !== 1 || n !== texts.length) {
    throw new Problem(
      'invalid-request',
      `The input "${INPUT}" holds ${texts.length} elements; its shape must be [${texts.length}] or [${texts.length}, 1].`,
    );
  }
  return texts;
}

function readBinary(size: number | undefined, binary: Uint8Array): string[] {
  if (size === undefined) {
    throw new Problem('invalid-request', `The input "${INPUT}" has neither "data" nor "binary_data_size".`);
  }
  if (size > binary.length) {
    throw new Problem(
      'invalid-request',
      `"binary_data_size" is ${size}, and ${binary.length} bytes follow the JSON; "Inference-Header-Content-Length" says where it ends.`,
    );
  }
  if (size < binary.length) throw strayBytes(binary.length - size);
  try {
    return decodeStrings(binary);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Problem('invalid-request', `The binary data of the input "${INPUT}" cannot be read: ${error.message}.`);
  }
}

function strayBytes(count: number): Problem {
  return new Problem('invalid-request', `${count} bytes of binary data belong to no input.`);
}

function readOutputs({ outputs, parameters }: InferenceRequest): Inference['outputs'] {
  const fallback = parameters?.binary_data_output ?? false;
  // An empty list selects nothing in particular: clients send it where their caller named no output.
  if (!outputs?.length) return OUTPUTS.map((name) => ({ name, binary: fallback }));
  if (new Set(outputs.map(({ name }) => name)).size < outputs.length) {
    throw new Problem('invalid-request', '"outputs" names an output more than once.');
  }
  return outputs.map((output) => ({ name: output.name, binary: output.parameters?.binary_data ?? fallback }));
}
