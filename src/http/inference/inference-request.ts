import { Problem } from '../../platform/problems.ts';
import { parseJson, readBody, validate } from '../server/body.ts';
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

/** The header with the length of the JSON in bytes. Binary tensors follow the JSON. */
export const JSON_LENGTH_HEADER = 'inference-header-content-length';

/** A validated inference request: its texts, and the outputs to return in this order. */
export interface Inference {
  readonly id: string | undefined;
  readonly texts: readonly string[];
  readonly outputs: readonly { readonly name: OutputName; readonly binary: boolean }[];
}

/** The limits of an inference request. */
export interface InferenceLimits {
  readonly maxBytes: number;
  readonly maxTexts: number;
  readonly maxCharacters: number;
}

/**
 * Reads an inference request with its texts, in JSON or as binary data. The content type is not checked, because
 * clients of the protocol send none. The header above distinguishes the two forms.
 *
 * @throws {Problem} 400, 413, 415 or 422
 */
export async function readInference(ctx: RequestContext, limits: InferenceLimits): Promise<Inference> {
  const body = await readBody(ctx, limits.maxBytes);
  const jsonLength = readJsonLength(ctx.get(JSON_LENGTH_HEADER), body.length);
  const request = validate(parseJson(body.subarray(0, jsonLength)), inferenceRequest);
  const texts = readTexts(request.inputs[0]!, body.subarray(jsonLength));
  if (texts.length === 0 || texts.length > limits.maxTexts) {
    throw new Problem(
      texts.length === 0 ? 'invalid-request' : 'batch-too-large',
      `The input "${INPUT}" holds ${texts.length} texts; from 1 to ${limits.maxTexts} are allowed.`,
    );
  }
  const index = texts.findIndex((text) => text.length > limits.maxCharacters);
  if (index !== -1) {
    throw new Problem(
      'text-too-long',
      `Element ${index} of the input "${INPUT}" has ${texts[index]!.length} characters; at most ${limits.maxCharacters} are allowed.`,
    );
  }
  return { id: request.id ?? undefined, texts, outputs: readOutputs(request) };
}

function readJsonLength(header: string, bodyLength: number): number {
  if (header === '') return bodyLength;
  const length = /^\d{1,15}$/.test(header) ? Number(header) : Number.NaN;
  if (length <= bodyLength) return length;
  throw new Problem(
    'invalid-request',
    `The header "Inference-Header-Content-Length" must be the length of the JSON in bytes, from 0 to ${bodyLength}, the length of the body.`,
  );
}

function readTexts({ shape, data, parameters }: RequestInput, binary: Uint8Array): readonly string[] {
  const size = parameters?.binary_data_size;
  if (data !== undefined && size !== undefined) {
    throw new Problem(
      'invalid-request',
      `The input "${INPUT}" has both "data" and "binary_data_size"; send only one of them.`,
    );
  }
  if (data !== undefined && binary.length > 0) throw unassignedBytes(binary.length);
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
      `"binary_data_size" is ${size}, but ${binary.length} bytes follow the JSON. "Inference-Header-Content-Length" is the length of the JSON.`,
    );
  }
  if (size < binary.length) throw unassignedBytes(binary.length - size);
  try {
    return decodeStrings(binary);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Problem('invalid-request', `The binary data of the input "${INPUT}" cannot be read: ${error.message}.`);
  }
}

function unassignedBytes(count: number): Problem {
  return new Problem('invalid-request', `${count} bytes of binary data belong to no input.`);
}

function readOutputs({ outputs, parameters }: InferenceRequest): Inference['outputs'] {
  const fallback = parameters?.binary_data_output ?? false;
  // Clients send an empty list if their caller selected no outputs.
  if (!outputs?.length) return OUTPUTS.map((name) => ({ name, binary: fallback }));
  if (new Set(outputs.map(({ name }) => name)).size < outputs.length) {
    throw new Problem('invalid-request', '"outputs" names an output more than once.');
  }
  return outputs.map((output) => ({ name: output.name, binary: output.parameters?.binary_data ?? fallback }));
}
