/** The longest wait for another server, and the most bytes of its answer. */
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** An answer of another server. */
export interface BoundedAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * Requests a URL of a setting, within a time and up to a size.
 *
 * @throws {Error} if the server cannot be reached, is too slow, or answers too much
 */
export async function fetchBounded(url: string): Promise<BoundedAnswer> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = '';
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error(`The answer is larger than ${MAX_BYTES} bytes.`);
    text += decoder.decode(chunk, { stream: true });
  }
  return { status: response.status, text: text + decoder.decode() };
}

/** Returns the URL of a path below a base URL, which may have a path of its own. */
export function urlBelow(base: string, path: string): string {
  return `${base.replace(/\/+$/, '')}/${path}`;
}
