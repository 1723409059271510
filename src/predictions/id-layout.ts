// The places of the fields in a prediction id.
export const OLD_FORMAT = 1;
export const FORMAT = 2;
export const TRACE_ID_BYTES = 16;
export const SPAN_ID_BYTES = 8;
export const TIME_BYTES = 6;
export const SPAN_ID_AT = 1 + TRACE_ID_BYTES;
export const TIME_AT = SPAN_ID_AT + SPAN_ID_BYTES;
/** The size of the fields that both formats have. The old format has the names next. */
export const OLD_HEADER_BYTES = TIME_AT + TIME_BYTES;
export const ROLE_AT = TIME_AT + TIME_BYTES;
export const CONFIDENCE_AT = ROLE_AT + 1;
export const REVIEW_AT = CONFIDENCE_AT + 1;
export const ARTEFACT_AT = REVIEW_AT + 2;
export const ARTEFACT_BYTES = 6;
export const TEXT_AT = ARTEFACT_AT + ARTEFACT_BYTES;
export const TEXT_BYTES = 8;
export const HEADER_BYTES = TEXT_AT + TEXT_BYTES;
export const MAX_BYTE = 255;
/** The confidence in ids for callers that may not know it. The most probable label has a higher one. */
export const UNKNOWN_CONFIDENCE = 0;

/** The characters of base64url that hold all bytes up to the confidence. */
const CONFIDENCE_CHARACTERS = Math.ceil(((CONFIDENCE_AT + 1) * 4) / 3);

/**
 * Returns the lowest confidence that rounds to the one in an id, from 0 to 1; undefined if the id has none. The signature is
 * not checked: this is for ids that were verified when they were stored.
 */
export function lowestConfidenceIn(id: string): number | undefined {
  const bytes = Buffer.from(id.slice(0, CONFIDENCE_CHARACTERS), 'base64url');
  if (bytes[0] !== FORMAT || bytes.length <= CONFIDENCE_AT || bytes[CONFIDENCE_AT] === UNKNOWN_CONFIDENCE)
    return undefined;
  return (bytes[CONFIDENCE_AT]! - 0.5) / MAX_BYTE;
}
