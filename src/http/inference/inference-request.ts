import { isUtf8 } from 'node:buffer';
import { Problem } from '../../platform/problems.ts';
import { parseJson, readBody, validate } from '../server/body.ts';
import type { Caller } from '../server/caller.ts';
import type { RequestContext } from '../server/context.ts';
import { decodeStrings } from './binary-tensors.ts';
import {
  DEFAULT_OUTPUTS,
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
  return parseInference(body, ctx.get(JSON_LENGTH_HEADER), limits, ctx.state.caller?.answers);
}

/**
 * Parses the body of an inference request.
 *
 * @param jsonLengthHeader the header with the length of the JSON; empty if all of the body is JSON
 * @param answers what the caller may know
 * @throws {Problem} 400 or 422, 403 for an output that the caller may not know
 */
export function parseInference(
  body: Uint8Array,
  jsonLengthHeader: string,
  limits: Omit<InferenceLimits, 'maxBytes'>,
  answers?: Caller['answers'],
): Inference {
  const jsonLength = readJsonLength(jsonLengthHeader, body.length);
  const request = validate(parseJson(body.subarray(0, jsonLength)), inferenceRequest);
  const input = request.inputs[0]!;
  const elements = readTexts(input, body.subarray(jsonLength), limits.maxTexts);
  const contentType = input.parameters?.content_type ?? request.parameters?.content_type;
  const texts = contentType === 'base64' ? elements.map(decodeBase64) : elements;
  if (texts.length === 0 || texts.length > limits.maxTexts) {
    throw new Problem(
      texts.length === 0 ? 'invalid-request' : 'batch-too-large',
      `The input "${INPUT}" holds ${texts.length === 0 ? 'no text' : 'too many texts'}; from 1 to ${limits.maxTexts} are allowed.`,
    );
  }
  const index = texts.findIndex((text) => text.length > limits.maxCharacters);
  if (index !== -1) {
    throw new Problem(
      'text-too-long',
      `Element ${index} of the input "${INPUT}" has ${texts[index]!.length} characters; at most ${limits.maxCharacters} are allowed.`,
    );
  }
  return { id: request.id ?? undefined, texts, outputs: readOutputs(request, answers) };
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

/** Reads at most one text more than the maximum, which the caller checks. */
function readTexts({ shape, data, parameters }: RequestInput, binary: Uint8Array, maxTexts: number): readonly string[] {
  const size = parameters?.binary_data_size;
  if (data !== undefined && size !== undefined) {
    throw new Problem(
      'invalid-request',
      `The input "${INPUT}" has both "data" and "binary_data_size"; send only one of them.`,
    );
  }
  if (data !== undefined && binary.length > 0) throw unassignedBytes(binary.length);
  const texts = data === undefined ? readBinary(size, binary, maxTexts) : flatten(data, maxTexts);
  if (texts.length > maxTexts) return texts;
  const [n = 0, width = 1] = shape;
  if (width !== 1 || n !== texts.length) {
    throw new Problem(
      'invalid-request',
      `The input "${INPUT}" holds ${texts.length} elements; its shape must be [${texts.length}] or [${texts.length}, 1].`,
    );
  }
  return texts;
}

/** Returns the texts of a list, or of a list of lists. */
function flatten(data: readonly unknown[], maxTexts: number): string[] {
  const texts: string[] = [];
  for (const row of data) {
    for (const text of Array.isArray(row) ? (row as unknown[]) : [row]) {
      if (typeof text !== 'string') {
        throw new Problem('invalid-request', '"inputs[0].data" must be an array of strings.');
      }
      texts.push(text);
      if (texts.length > maxTexts) return texts;
    }
  }
  return texts;
}

function decodeBase64(text: string, index: number): string {
  const bytes = Buffer.from(text, 'base64');
  // Buffer skips characters that are not of base64, so the text would silently be another one.
  const isBase64 = /^[A-Za-z0-9+/\-_\s]*={0,2}\s*$/.test(text);
  if (isBase64 && isUtf8(bytes)) return bytes.toString('utf8');
  throw new Problem(
    'invalid-request',
    `Element ${index} of the input "${INPUT}" is not ${isBase64 ? 'UTF-8 in base64' : 'base64'}, as its "content_type" says.`,
  );
}

function readBinary(size: number | undefined, binary: Uint8Array, maxTexts: number): string[] {
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
    return decodeStrings(binary, maxTexts);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Problem('invalid-request', `The binary data of the input "${INPUT}" cannot be read: ${error.message}.`);
  }
}

function unassignedBytes(count: number): Problem {
  return new Problem('invalid-request', `${count} bytes of binary data belong to no input.`);
}

/** The outputs that a caller may know. Without `caller.answers`, all of them. */
const ALLOWED_OUTPUTS: Readonly<Record<Caller['answers'], readonly OutputName[]>> = {
  label: ['label', 'id', 'abstained'],
  top: ['label', 'confidence', 'id', 'abstained'],
  scores: OUTPUTS,
};

function readOutputs(
  { outputs, parameters }: InferenceRequest,
  answers: Caller['answers'] = 'scores',
): Inference['outputs'] {
  const allowed = ALLOWED_OUTPUTS[answers];
  const fallback = parameters?.binary_data_output ?? false;
  // Clients send an empty list if their caller selected no outputs.
  if (!outputs?.length) {
    return DEFAULT_OUTPUTS.filter((name) => allowed.includes(name)).map((name) => ({ name, binary: fallback }));
  }
  if (new Set(outputs.map(({ name }) => name)).size < outputs.length) {
    throw new Problem('invalid-request', '"outputs" names an output more than once.');
  }
  const refused = outputs.find(({ name }) => !allowed.includes(name));
  if (refused !== undefined) {
    throw new Problem('forbidden', `This token may get these outputs only: ${allowed.join(', ')}.`);
  }
  return outputs.map((output) => ({ name: output.name, binary: output.parameters?.binary_data ?? fallback }));
}
