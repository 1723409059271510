import { signal } from '@preact/signals';

const KEY = 'waymark-token';

/** The token of this tab. The browser forgets it when the tab closes. */
export const token = signal<string | undefined>(readToken());

/** True after the service refused a request because it had no valid token. */
export const isTokenNeeded = signal(false);

/** Keeps a token for this tab only, or forgets it. */
export function setToken(value: string | undefined): void {
  token.value = value;
  isTokenNeeded.value = value === undefined;
  try {
    if (value === undefined) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, value);
  } catch {
    // Without storage the token is kept until the page is left.
  }
}

function readToken(): string | undefined {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}
