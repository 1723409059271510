import { signal } from '@preact/signals';

/** The pages of the console, in the order of the navigation. */
export const PAGES = ['try', 'live', 'trace', 'compare', 'quality', 'models'] as const;
export type Page = (typeof PAGES)[number];

/** A page and its parameters. The fragment of the address holds both, so a link shows the same to a colleague. */
export interface Place {
  readonly page: Page;
  readonly query: URLSearchParams;
}

/** New values of parameters. `undefined` removes a parameter. */
export type QueryChanges = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The place that the address names. */
export const place = signal<Place>(parsePlace(''));

/** Returns the place of a fragment such as `#/live?model=spam`. An unknown page is `try`. */
export function parsePlace(fragment: string): Place {
  const [path = '', query = ''] = fragment.replace(/^#?\/?/, '').split(/\?(.*)/s);
  const page = PAGES.find((name) => name === path) ?? 'try';
  return { page, query: new URLSearchParams(query) };
}

/** Returns the address of a page, relative to the document, so that it also works behind a path prefix. */
export function hrefOf(page: Page, query: QueryChanges | URLSearchParams = {}): string {
  const parameters = query instanceof URLSearchParams ? query : changed(new URLSearchParams(), query);
  const text = parameters.toString();
  return `#/${page}${text === '' ? '' : `?${text}`}`;
}

/** Returns a copy of parameters with changes. */
export function changed(query: URLSearchParams, changes: QueryChanges): URLSearchParams {
  const copy = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    copy.delete(name);
    for (const each of value === undefined ? [] : [value].flat()) copy.append(name, each);
  }
  return copy;
}

const RELATIVE_TIME = /^-(\d{1,6})([smhd])$/;
const UNIX_SECONDS = /^\d{9,11}$/;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Replaces the times of a link by real ones, so that the page shows the same later. Runbooks have links such as `since=-1h`. Those
 * of alerts also have the time of the alert, in seconds since 1970, as `until`: `since` is before that time.
 * Returns `undefined` if nothing has to be replaced.
 */
export function withFixedTimes({ page, query }: Place, now: number): string | undefined {
  const changes: Record<string, string> = {};
  const until = fixedTime(query.get('until'), now);
  if (until !== undefined) changes['until'] = new Date(until).toISOString();
  const since = fixedTime(query.get('since'), until ?? now);
  if (since !== undefined) changes['since'] = new Date(since).toISOString();
  return Object.keys(changes).length === 0 ? undefined : hrefOf(page, changed(query, changes));
}

/** Returns a time in milliseconds since the epoch, or `undefined` if it is none, or one that can stay. */
function fixedTime(value: string | null, from: number): number | undefined {
  if (value === null) return undefined;
  if (UNIX_SECONDS.test(value)) return Number(value) * 1_000;
  const [, amount, unit = ''] = RELATIVE_TIME.exec(value) ?? [];
  return amount === undefined ? undefined : from - Number(amount) * UNIT_MS[unit]!;
}

/** Follows the address. Back, forward and links change it. */
export function followAddress(): void {
  const read = () => {
    const fixed = withFixedTimes(parsePlace(location.hash), Date.now());
    if (fixed !== undefined) history.replaceState(null, '', fixed);
    place.value = parsePlace(location.hash);
  };
  addEventListener('hashchange', read);
  addEventListener('popstate', read);
  read();
}

/**
 * Changes parameters of the present page.
 *
 * @param how `push` adds an entry to the history of the browser; `replace` is for changes that nobody wants to undo
 */
export function setQuery(changes: QueryChanges, how: 'push' | 'replace' = 'push'): void {
  const { page, query } = place.value;
  goTo(hrefOf(page, changed(query, changes)), how);
}

/** Opens an address of `hrefOf`. */
function goTo(href: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', href);
  else history.replaceState(null, '', href);
  place.value = parsePlace(location.hash);
}
