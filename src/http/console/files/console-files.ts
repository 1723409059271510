import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import type { RequestContext } from '../../server/context.ts';

const ASSETS = join(import.meta.dirname, '../assets');

/** The content types of the files that `npm run build:console` writes. */
const TYPES = {
  'index.html': 'text/html; charset=utf-8',
  'console.js': 'text/javascript; charset=utf-8',
  'console.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const;

export type ConsoleFile = keyof typeof TYPES;

/** The encodings of a file, the preferred one first. */
const ENCODINGS = ['br', 'gzip', 'identity'] as const;
type Encoding = (typeof ENCODINGS)[number];

/** A file as it is sent. All responses share its bytes. */
interface EncodedFile {
  readonly bytes: Buffer;
  readonly etag: string;
}

const compress = { br: promisify(brotliCompress), gzip: promisify(gzip) };

const encodedFiles = new Map<string, Promise<EncodedFile>>();

/** Returns whether the console has a file of this name. */
export function isConsoleFile(name: string): name is ConsoleFile {
  return Object.hasOwn(TYPES, name);
}

/**
 * Answers with a file of the console. A file is read and compressed at its first request, so the start does not wait for it.
 * Browsers ask again for each use and get 304 if the file is the same, so an upgrade shows at once.
 */
export async function sendConsoleFile(ctx: RequestContext, name: ConsoleFile): Promise<void> {
  ctx.vary('accept-encoding');
  const accepted = ctx.acceptsEncodings(...ENCODINGS);
  const encoding = ENCODINGS.find((known) => known === accepted) ?? 'identity';
  const { bytes, etag } = await encodedFile(name, encoding);
  ctx.set({ etag, 'cache-control': 'no-cache' });
  ctx.type = TYPES[name];
  const known = ctx.get('if-none-match').split(/\s*,\s*/);
  if (known.includes(etag)) {
    ctx.status = 304;
    return;
  }
  if (encoding !== 'identity') ctx.set('content-encoding', encoding);
  ctx.body = bytes;
}

function encodedFile(name: ConsoleFile, encoding: Encoding): Promise<EncodedFile> {
  const key = `${name} ${encoding}`;
  const known = encodedFiles.get(key);
  if (known !== undefined) return known;
  const file = encode(name, encoding);
  encodedFiles.set(key, file);
  // A file that could not be read may be there at the next request.
  file.catch(() => encodedFiles.delete(key));
  return file;
}

async function encode(name: ConsoleFile, encoding: Encoding): Promise<EncodedFile> {
  const plain = await readFile(join(ASSETS, name));
  const bytes = encoding === 'identity' ? plain : await compress[encoding](plain);
  const hash = createHash('sha256').update(plain).digest('base64url').slice(0, 22);
  return { bytes, etag: `"${hash}-${encoding}"` };
}
