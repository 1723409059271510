import { readMailTexts, textsToClassify } from '../../../src/mail/mail-text.ts';

const MAX_CHARACTERS = 2_000;

/** The longest time in milliseconds for one mail. Hangs are findings. */
const TIMEOUT_MS = 1_000;

/** Reads the texts of a mail. */
export async function fuzz(data: Buffer): Promise<void> {
  const texts = await readMailTexts(data, { deadline: performance.now() + TIMEOUT_MS, maxCharacters: MAX_CHARACTERS });
  if (!(texts.hiddenShare >= 0 && texts.hiddenShare <= 1)) throw new Error(`the hidden share is ${texts.hiddenShare}`);
  const classified = textsToClassify(texts, MAX_CHARACTERS);
  if (classified.length === 0) throw new Error('there is no text');
  for (const text of classified) {
    if (text.length > MAX_CHARACTERS || !text.isWellFormed()) throw new Error('a text cannot be sent');
  }
}
