import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** The facts about a prediction that feedback needs. */
export interface PredictionReference {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits of the `classify` span. */
  readonly spanId: string;
  /** The time of the prediction in milliseconds since the epoch. */
  readonly time: number;
  readonly model: string;
  readonly version: string;
  readonly label: string;
}

/** Creates and verifies prediction ids. */
export interface PredictionIds {
  /** Returns the signed id of a prediction. */
  sign(reference: PredictionReference): string;
  /** Returns the content of an id, or undefined if the id was changed or signed with another key. */
  verify(id: string): PredictionReference | undefined;
}

const FORMAT = 1;
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const TIME_BYTES = 6;
const HEADER_BYTES = 1 + TRACE_ID_BYTES + SPAN_ID_BYTES + TIME_BYTES;
/**
 * 128 of the 256 bits of HMAC-SHA256. RFC 2104 (section 5) allows this. The ids are shorter, and nobody can guess them.
 */
const SIGNATURE_BYTES = 16;
/** The maximum number of cached names. Usually all loaded models together have fewer labels. */
const MAX_CACHED_NAMES = 10_000;

const namesSchema = z.tuple([z.string(), z.string(), z.string()]);

/**
 * Creates the signer of prediction ids. An id is the base64url of: format, trace id, span id, time, JSON of `[model,
 * version, label]`, signature. An id contains everything that feedback needs, so the service stores no predictions.
 *
 * @param secret the key; replicas with the same key accept each other's ids
 */
export function createPredictionIds(secret: string | Uint8Array): PredictionIds {
  const key = createSecretKey(typeof secret === 'string' ? Buffer.from(secret, 'utf8') : secret);
  const signatureOf = (payload: Uint8Array) =>
    createHmac('sha256', key).update(payload).digest().subarray(0, SIGNATURE_BYTES);

  const namesCache = new Map<string, Uint8Array>();

  /** Returns the encoded names at the end of an id. They are cached, because many predictions have the same names. */
  function encodeNames(model: string, version: string, label: string): Uint8Array {
    const key = `${model}\0${version}\0${label}`;
    const known = namesCache.get(key);
    if (known !== undefined) return known;
    if (namesCache.size >= MAX_CACHED_NAMES) namesCache.clear();
    const encodedNames = Buffer.from(JSON.stringify([model, version, label]));
    namesCache.set(key, encodedNames);
    return encodedNames;
  }

  return {
    sign({ traceId, spanId, time, model, version, label }) {
      const encodedNames = encodeNames(model, version, label);
      const length = HEADER_BYTES + encodedNames.length;
      const bytes = Buffer.allocUnsafe(length + SIGNATURE_BYTES);
      bytes[0] = FORMAT;
      bytes.write(traceId, 1, TRACE_ID_BYTES, 'hex');
      bytes.write(spanId, 1 + TRACE_ID_BYTES, SPAN_ID_BYTES, 'hex');
      bytes.writeUIntBE(time, 1 + TRACE_ID_BYTES + SPAN_ID_BYTES, TIME_BYTES);
      bytes.set(encodedNames, HEADER_BYTES);
      signatureOf(bytes.subarray(0, length)).copy(bytes, length);
      return bytes.toString('base64url');
    },

    verify(id) {
      const bytes = Buffer.from(id, 'base64url');
      // Decoding skips invalid characters, so without this check many strings would be the same id.
      if (bytes.toString('base64url') !== id || bytes.length <= HEADER_BYTES + SIGNATURE_BYTES) return undefined;
      const payload = bytes.subarray(0, bytes.length - SIGNATURE_BYTES);
      if (!timingSafeEqual(signatureOf(payload), bytes.subarray(payload.length))) return undefined;
      if (payload[0] !== FORMAT) return undefined;
      const [model, version, label] = namesSchema.parse(JSON.parse(payload.toString('utf8', HEADER_BYTES)));
      return {
        traceId: payload.toString('hex', 1, 1 + TRACE_ID_BYTES),
        spanId: payload.toString('hex', 1 + TRACE_ID_BYTES, 1 + TRACE_ID_BYTES + SPAN_ID_BYTES),
        time: payload.readUIntBE(1 + TRACE_ID_BYTES + SPAN_ID_BYTES, TIME_BYTES),
        model,
        version,
        label,
      };
    },
  };
}
