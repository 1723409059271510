import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

/** Encrypts and decrypts texts of feedback. Each text is bound to the id of its feedback. */
export interface TextCipher {
  /** Returns the form in which a text is stored: encrypted with the first key, or as it is if there are no keys. */
  seal(text: string, id: string): string;
  /**
   * Returns the text of a stored form.
   *
   * @throws {FeedbackKeyError} if no key decrypts it
   */
  open(stored: string, id: string): string;
  /** The start of each form that `seal` returns; undefined without keys. */
  readonly prefix: string | undefined;
}

/** A key file that cannot be used, or a text that none of its keys decrypts. The message quotes neither. */
export class FeedbackKeyError extends Error {
  override name = 'FeedbackKeyError';
}

/** The start of each stored form that is not the text itself. The control character is rare in texts. */
const MARK = '\u0001waymark:';
/** The start of a text that begins with the mark, stored without encryption. */
const ESCAPE = `${MARK}plain:`;
const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MAX_FILE_BYTES = 65_536;

/**
 * Creates a cipher with AES-256-GCM. A stored form has a nonce of its own and names its key, so that keys can be replaced.
 *
 * @param keys keys of 32 bytes. The first one encrypts, and all of them decrypt
 */
export function createTextCipher(keys: readonly Uint8Array[]): TextCipher {
  const byPrefix = new Map(keys.map((key) => [prefixOf(key), key]));
  const [prefix] = byPrefix.keys();

  return {
    prefix,
    seal(text, id) {
      if (prefix === undefined) return text.startsWith(MARK) ? `${ESCAPE}${text}` : text;
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, byPrefix.get(prefix)!, nonce).setAAD(Buffer.from(id));
      const content = [cipher.update(text, 'utf8'), cipher.final()];
      return `${prefix}${Buffer.concat([nonce, ...content, cipher.getAuthTag()]).toString('base64')}`;
    },
    open(stored, id) {
      if (!stored.startsWith(MARK)) return stored;
      if (stored.startsWith(ESCAPE)) return stored.slice(ESCAPE.length);
      const end = stored.indexOf(':', MARK.length) + 1;
      const key = byPrefix.get(stored.slice(0, end));
      if (key === undefined) throw new FeedbackKeyError('a text is encrypted with a key that FEEDBACK_KEY_FILE lacks');
      const bytes = Buffer.from(stored.slice(end), 'base64');
      const tagAt = bytes.length - TAG_BYTES;
      try {
        const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
        decipher.setAAD(Buffer.from(id)).setAuthTag(bytes.subarray(tagAt));
        return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, tagAt)), decipher.final()]).toString('utf8');
      } catch {
        throw new FeedbackKeyError('an encrypted text was changed');
      }
    },
  };
}

/**
 * Creates a cipher with the keys of a file: one key of 32 bytes a line, in base64 or hexadecimal. Lines that begin with `#`
 * are comments. Without a file there are no keys.
 *
 * @throws {FeedbackKeyError} if the file cannot be used
 */
export function readTextCipher(path: string | undefined): TextCipher {
  if (path === undefined) return createTextCipher([]);
  const lines = readKeyFile(path)
    .split('\n')
    .map((line) => line.trim());
  const keys = lines.flatMap((line, index) => (line === '' || line.startsWith('#') ? [] : [parseKey(line, index + 1)]));
  if (keys.length === 0) throw new FeedbackKeyError('the file holds no key');
  return createTextCipher(keys);
}

function readKeyFile(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) throw new FeedbackKeyError('it is not a regular file');
  if (found.size > MAX_FILE_BYTES) throw new FeedbackKeyError(`the file is longer than ${MAX_FILE_BYTES} bytes`);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new FeedbackKeyError(`the file cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function parseKey(line: string, number: number): Uint8Array {
  if (/^[0-9a-f]{64}$/i.test(line)) return Buffer.from(line, 'hex');
  const key = Buffer.from(line, 'base64');
  if (key.length === KEY_BYTES && /^[A-Za-z0-9+/]{43}=?$/.test(line)) return key;
  throw new FeedbackKeyError(`line ${number} is not a key of ${KEY_BYTES} bytes in base64 or hexadecimal`);
}

/** Returns the start of the forms of a key, with 32 bits of its digest as the name of the key. */
function prefixOf(key: Uint8Array): string {
  const name = hash('sha256', Buffer.concat([Buffer.from('waymark feedback key:'), key])).slice(0, 8);
  return `${MARK}${name}:`;
}
