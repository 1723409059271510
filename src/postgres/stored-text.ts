const ESCAPE = '\u0001';

/**
 * Returns the form in which PostgreSQL stores a string: its texts cannot hold the character NUL. Two control characters are
 * escaped, and half a surrogate pair becomes the replacement character, as in SQLite.
 */
export function toStoredText(text: string): string {
  const wellFormed = text.toWellFormed();
  if (!wellFormed.includes('\0') && !wellFormed.includes(ESCAPE)) return wellFormed;
  return wellFormed.replaceAll(ESCAPE, `${ESCAPE}1`).replaceAll('\0', `${ESCAPE}0`);
}

/** Returns the string of a stored form. */
export function fromStoredText(stored: string): string {
  if (!stored.includes(ESCAPE)) return stored;
  return stored.replaceAll(`${ESCAPE}0`, '\0').replaceAll(`${ESCAPE}1`, ESCAPE);
}

/** Returns rows as one JSON value for `jsonb_to_recordset`, with their strings in the stored form. */
export function toStoredJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'string' ? toStoredText(part) : part));
}
