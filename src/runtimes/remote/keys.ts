import { z } from 'zod';
import { ConfigError } from '../../platform/config.ts';
import { fileVersion, followFiles, readRegularFile } from '../../platform/regular-file.ts';
import { exceptionAttributes, type Log } from '../../telemetry/logs/log.ts';

const MAX_BYTES = 1024 * 1024;

const keysSchema = z.strictObject({
  // A key is a part of a header, where a line break would begin another header.
  keys: z.record(z.string(), z.string().regex(/^[\x21-\x7e]+$/)),
});

/** The keys of endpoints. */
export interface Keys {
  /** Returns the key of an origin, or `undefined` if it has none. */
  keyOf(origin: string): string | undefined;
  /** Stops following the file. */
  close(): void;
}

/**
 * Opens `REMOTE_KEYS_FILE`, and follows it. A file that cannot be used while the service runs is logged, and the former keys
 * stay.
 *
 * @throws {ConfigError} if the file cannot be used at the start. The message does not quote it
 */
export async function openKeys(path: string | undefined, log?: Log): Promise<Keys> {
  if (path === undefined) return { keyOf: () => undefined, close: () => {} };
  const version = await fileVersion(path);
  let keys = await readKeys(path).catch((error: Error) => {
    throw new ConfigError(
      `REMOTE_KEYS_FILE: ${JSON.stringify(path)} cannot be used: ${error.message}; allowed: a file of keys`,
    );
  });
  const stop = followFiles([path], [version], async () => {
    try {
      keys = await readKeys(path);
      log?.info('endpoint keys loaded', {});
    } catch (error) {
      log?.error('endpoint keys not loaded', exceptionAttributes(error));
    }
  });
  return { keyOf: (origin) => keys.get(origin), close: stop };
}

/** Reads a file of keys. @throws {Error} with one line that does not quote the file */
async function readKeys(path: string): Promise<ReadonlyMap<string, string>> {
  const text = await readRegularFile(path, MAX_BYTES).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`it cannot be read (${error.code ?? error.message})`);
  });
  let json: unknown;
  try {
    json = JSON.parse(text.toString());
  } catch {
    throw new Error('it is not JSON');
  }
  const parsed = keysSchema.safeParse(json);
  if (!parsed.success) {
    throw new Error('it is not {"keys": {"https://api.example.org": "…"}} with keys of printable ASCII without blanks');
  }
  const entries = Object.entries(parsed.data.keys).map(([address, key]) => {
    if (!URL.canParse(address)) throw new Error('an address in it is not a URL');
    return [new URL(address).origin, key] as const;
  });
  return new Map(entries);
}
