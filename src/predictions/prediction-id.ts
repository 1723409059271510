import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { AnsweringRole } from '../models/routing.ts';
import {
  ARTEFACT_AT,
  ARTEFACT_BYTES,
  CONFIDENCE_AT,
  FORMAT,
  HEADER_BYTES,
  MAX_BYTE,
  OLD_FORMAT,
  OLD_HEADER_BYTES,
  REVIEW_AT,
  ROLE_AT,
  SPAN_ID_AT,
  SPAN_ID_BYTES,
  TEXT_AT,
  TEXT_BYTES,
  TIME_AT,
  TIME_BYTES,
  TRACE_ID_BYTES,
  UNKNOWN_CONFIDENCE,
} from './id-layout.ts';
import { createKeyedHash, type KeyedHash } from './keyed-hash.ts';

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
  /** Undefined in an id of format 1. */
  readonly details?: PredictionDetails | undefined;
}

/** The facts that format 2 of an id adds. */
export interface PredictionDetails {
  /** The reason why this version answered. */
  readonly role: AnsweringRole;
  /** The confidence in steps of 1/255; undefined if the caller may not know it. */
  readonly confidence: number | undefined;
  /** The share of predictions that were picked for review when this one was; 0 if this one was not picked. */
  readonly reviewShare: number;
  /** The first 12 hexadecimal digits of the sha256 of the version's weights. */
  readonly artefact: string;
  /** 16 hexadecimal digits of the keyed hash of the text. */
  readonly textHash: string;
}

/** A prediction that gets an id. */
export interface SignedPrediction extends Omit<PredictionReference, 'details'> {
  readonly role: AnsweringRole;
  /** `UNKNOWN_CONFIDENCE` if the caller may not know it. */
  readonly confidence: number;
  readonly reviewShare: number;
  /** The sha256 of the version's weights, in hexadecimal. */
  readonly sha256: string;
  readonly text: string;
}

/** Creates and verifies prediction ids. */
export interface PredictionIds {
  /** Returns the signed id of a prediction. */
  sign(prediction: SignedPrediction): string;
  /** Returns the bytes of the signed id. The id itself is their base64url. */
  encode(prediction: SignedPrediction): Buffer;
  /** Returns the content of an id, or undefined if the id was changed or signed with another key. */
  verify(id: string): PredictionReference | undefined;
  /** Returns whether a text is the one of the prediction; true if the id is of format 1, which does not know its text. */
  matches(reference: PredictionReference, text: string): boolean;
}

/**
 * 128 of the 256 bits of HMAC-SHA256. RFC 2104 (section 5) allows this. The ids are shorter, and nobody can guess them.
 */
const SIGNATURE_BYTES = 16;
/** The maximum number of cached names. Usually all loaded models together have fewer labels. */
const MAX_CACHED_NAMES = 10_000;
/** The shares of a review are whole multiples of 1 / 65,535. */
export const REVIEW_STEPS = 65_535;

/** The roles by their number in an id. The order never changes. */
const ROLES: readonly AnsweringRole[] = ['active', 'canary', 'named'];

const namesSchema = z.tuple([z.string(), z.string(), z.string()]);

/** Returns the part of a sha256 that ids and the evidence about a version contain. */
export function artefactOf(sha256: string): string {
  return sha256.slice(0, 2 * ARTEFACT_BYTES);
}

/** The keys that are made of one secret. */
interface IdKey {
  readonly signatureOf: KeyedHash;
  readonly hashOf: KeyedHash;
}

function createKey(secret: string | Uint8Array): IdKey {
  const signatureOf = createKeyedHash(typeof secret === 'string' ? Buffer.from(secret, 'utf8') : secret);
  // A key of its own: otherwise the hash of a chosen text would be a part of the signature of an id.
  const hashOf = createKeyedHash(Buffer.from(signatureOf('text of a prediction'), 'latin1'));
  return { signatureOf, hashOf };
}

/**
 * Creates the signer of prediction ids. An id is the base64url of: format, trace id, span id, time, role, confidence, share
 * of the review, artefact, keyed hash of the text, JSON of `[model, version, label]`, signature. An id contains
 * everything that feedback needs, so the service stores no predictions.
 *
 * @param secret the key; replicas with the same key accept each other's ids
 * @param formerSecrets keys that sign no more ids, and whose ids are still accepted
 */
export function createPredictionIds(
  secret: string | Uint8Array,
  formerSecrets: readonly (string | Uint8Array)[] = [],
): PredictionIds {
  const { signatureOf, hashOf } = createKey(secret);
  const accepted = [{ signatureOf, hashOf }, ...formerSecrets.map(createKey)];

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

  function encode(prediction: SignedPrediction): Buffer {
    const { traceId, spanId, time, model, version, label, role, confidence, reviewShare, sha256, text } = prediction;
    const encodedNames = encodeNames(model, version, label);
    const length = HEADER_BYTES + encodedNames.length;
    const bytes = Buffer.allocUnsafe(length + SIGNATURE_BYTES);
    bytes[0] = FORMAT;
    bytes.write(traceId, 1, TRACE_ID_BYTES, 'hex');
    bytes.write(spanId, SPAN_ID_AT, SPAN_ID_BYTES, 'hex');
    bytes.writeUIntBE(time, TIME_AT, TIME_BYTES);
    bytes[ROLE_AT] = ROLES.indexOf(role);
    bytes[CONFIDENCE_AT] =
      confidence === UNKNOWN_CONFIDENCE ? UNKNOWN_CONFIDENCE : Math.max(Math.round(confidence * MAX_BYTE), 1);
    bytes.writeUInt16BE(Math.round(reviewShare * REVIEW_STEPS), REVIEW_AT);
    bytes.write(sha256, ARTEFACT_AT, ARTEFACT_BYTES, 'hex');
    bytes.write(hashOf(text), TEXT_AT, TEXT_BYTES, 'latin1');
    bytes.set(encodedNames, HEADER_BYTES);
    bytes.write(signatureOf(bytes.subarray(0, length)), length, SIGNATURE_BYTES, 'latin1');
    return bytes;
  }

  return {
    encode,
    sign: (prediction) => encode(prediction).toString('base64url'),

    verify(id) {
      const bytes = Buffer.from(id, 'base64url');
      // Decoding skips invalid characters, so without this check many strings would be the same id.
      if (bytes.toString('base64url') !== id || bytes.length <= OLD_HEADER_BYTES + SIGNATURE_BYTES) return undefined;
      const payload = bytes.subarray(0, bytes.length - SIGNATURE_BYTES);
      const signature = bytes.subarray(payload.length);
      if (!accepted.some((key) => startsWith(key.signatureOf(payload), signature))) return undefined;
      const format = payload[0];
      if (format !== OLD_FORMAT && format !== FORMAT) return undefined;
      const headerBytes = format === OLD_FORMAT ? OLD_HEADER_BYTES : HEADER_BYTES;
      const names = decodeNames(payload.subarray(headerBytes));
      if (names === undefined) return undefined;
      const [model, version, label] = names;
      return {
        traceId: payload.toString('hex', 1, SPAN_ID_AT),
        spanId: payload.toString('hex', SPAN_ID_AT, TIME_AT),
        time: payload.readUIntBE(TIME_AT, TIME_BYTES),
        model,
        version,
        label,
        ...(format === FORMAT && { details: readDetails(payload) }),
      };
    },

    matches({ details }, text) {
      if (details === undefined) return true;
      const textHash = Buffer.from(details.textHash, 'hex');
      return accepted.some((key) => startsWith(key.hashOf(text), textHash));
    },
  };
}

/** Returns whether a hash begins with some bytes, in a time that does not depend on them. */
function startsWith(hash: string, bytes: Uint8Array): boolean {
  return timingSafeEqual(Buffer.from(hash, 'latin1').subarray(0, bytes.length), bytes);
}

/** Decodes the names at the end of an id. Another program with the same key can have signed something else. */
function decodeNames(bytes: Buffer): z.output<typeof namesSchema> | undefined {
  try {
    return namesSchema.parse(JSON.parse(bytes.toString()));
  } catch {
    return undefined;
  }
}

function readDetails(payload: Buffer): PredictionDetails {
  return {
    role: ROLES[payload[ROLE_AT]!] ?? 'named',
    confidence: payload[CONFIDENCE_AT] === UNKNOWN_CONFIDENCE ? undefined : payload[CONFIDENCE_AT]! / MAX_BYTE,
    reviewShare: payload.readUInt16BE(REVIEW_AT) / REVIEW_STEPS,
    artefact: payload.toString('hex', ARTEFACT_AT, TEXT_AT),
    textHash: payload.toString('hex', TEXT_AT, HEADER_BYTES),
  };
}
