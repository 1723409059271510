import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { createSigner } from './hmac-sha256.ts';

/** What feedback needs to know of a prediction. */
export interface PredictionReference {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the `classify` span. */
  readonly spanId: string;
  /** When it was made, in milliseconds since the epoch. */
  readonly time: number;
  readonly model: string;
  readonly version: string;
  readonly label: string;
}

export interface PredictionIds {
  sign(reference: PredictionReference): string;
  /** The reference an id holds, or undefined if it was not signed with this key or not left as it was. */
  verify(id: string): PredictionReference | undefined;
}

const FORMAT = 1;
const TRACE = 16;
const SPAN = 8;
const TIME = 6;
const HEADER = 1 + TRACE + SPAN + TIME;
/** 128 of HMAC-SHA256's 256 bits, as RFC 2104 (section 5) allows: shorter ids, and still beyond guessing. */
const SIGNATURE = 16;
/** More than the labels of all loaded models together, as a rule. */
const MAX_TAILS = 10_000;

const names = z.tuple([z.string(), z.string(), z.string()]);

/**
 * Prediction ids are base64url of: format, trace id, span id, time, JSON of `[model, version, label]`, signature.
 * An id holds all that feedback needs, so that no prediction has to be stored to be followed.
 *
 * @param secret the key; replicas that share it accept each other's ids
 */
export function createPredictionIds(secret: string | Uint8Array): PredictionIds {
  const hmac = createSigner(typeof secret === 'string' ? Buffer.from(secret, 'utf8') : secret);
  const signatureOf = (payload: Uint8Array) => hmac(payload).subarray(0, SIGNATURE);

  const tails = new Map<string, Uint8Array>();

  /** The names at the end of an id: the same ones come again with every prediction. */
  function tailOf(model: string, version: string, label: string): Uint8Array {
    const key = `${model}\0${version}\0${label}`;
    const known = tails.get(key);
    if (known !== undefined) return known;
    if (tails.size >= MAX_TAILS) tails.clear();
    const tail = Buffer.from(JSON.stringify([model, version, label]));
    tails.set(key, tail);
    return tail;
  }

  return {
    sign({ traceId, spanId, time, model, version, label }) {
      const tail = tailOf(model, version, label);
      const length = HEADER + tail.length;
      const bytes = Buffer.allocUnsafe(length + SIGNATURE);
      bytes[0] = FORMAT;
      bytes.write(traceId, 1, TRACE, 'hex');
      bytes.write(spanId, 1 + TRACE, SPAN, 'hex');
      bytes.writeUIntBE(time, 1 + TRACE + SPAN, TIME);
      bytes.set(tail, HEADER);
      signatureOf(bytes.subarray(0, length)).copy(bytes, length);
      return bytes.toString('base64url');
    },

    verify(id) {
      const bytes = Buffer.from(id, 'base64url');
      // Decoding skips what is not base64url, so that many strings would otherwise stand for one id.
      if (bytes.toString('base64url') !== id || bytes.length <= HEADER + SIGNATURE) return undefined;
      const payload = bytes.subarray(0, bytes.length - SIGNATURE);
      if (!timingSafeEqual(signatureOf(payload), bytes.subarray(payload.length))) return undefined;
      if (payload[0] !== FORMAT) return undefined;
      const [model, version, label] = names.parse(JSON.parse(payload.toString('utf8', HEADER)));
      return {
        traceId: payload.toString('hex', 1, 1 + TRACE),
        spanId: payload.toString('hex', 1 + TRACE, 1 + TRACE + SPAN),
        time: payload.readUIntBE(1 + TRACE + SPAN, TIME),
        model,
        version,
        label,
      };
    },
  };
}
