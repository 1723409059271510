import { signal } from '@preact/signals';
import { type ComponentChildren, type ComponentType, h } from 'preact';
import { hrefOf, PAGES, type Page, place } from '../state/location.ts';
import { settings } from '../state/service.ts';
import { isTokenNeeded, setToken, token } from '../state/token.ts';
import { TokenForm } from './token-form.ts';

/** The title of each page, and the question that it answers. */
const TITLES: Readonly<Record<Page, readonly [title: string, question: string]>> = {
  try: ['Try', 'What does the model say about a text, and why?'],
  live: ['Live', 'What is happening now, and which prediction is unusual?'],
  trace: ['Trace', 'Where did the time of one request go?'],
  compare: ['Compare', 'What is different about these predictions?'],
  quality: ['Quality', 'How often is the model right, and have the texts changed?'],
  models: ['Models', 'Which version answers, which one is better, who changed what?'],
};

type Theme = 'auto' | 'light' | 'dark';
const THEMES: readonly Theme[] = ['auto', 'light', 'dark'];
const THEME_KEY = 'waymark-theme';
const theme = signal<Theme>('auto');

function setTheme(next: Theme): void {
  theme.value = next;
  document.documentElement.dataset['theme'] = next;
}

function nextTheme(): void {
  setTheme(THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length]!);
  try {
    localStorage.setItem(THEME_KEY, theme.value);
  } catch {
    // Without storage the theme is kept until the page is left.
  }
}

/** Shows the theme that somebody chose before. */
export function restoreTheme(): void {
  try {
    const stored = localStorage.getItem(THEME_KEY);
    setTheme(THEMES.find((name) => name === stored) ?? 'auto');
  } catch {
    // The theme of the system is shown.
  }
}

/** The frame of all pages: navigation, heading, and the page that the address names. */
export function Shell({ pages }: { readonly pages: Readonly<Record<Page, ComponentType>> }): ComponentChildren {
  const { page } = place.value;
  const [title, question] = TITLES[page];
  document.title = `${title} · Waymark`;
  return h(
    'div',
    { class: 'shell' },
    h('a', { class: 'skip', href: '#content', onClick: skip }, 'Skip to the page'),
    h(Navigation, { page }),
    h(
      'main',
      { id: 'content', tabIndex: -1, class: `page-${page}` },
      isTokenNeeded.value
        ? h(TokenForm, null)
        : [
            h('header', { key: 'head', class: 'page-head' }, h('h1', null, title), h('p', { class: 'note' }, question)),
            h(pages[page], { key: page }),
          ],
    ),
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

function Navigation({ page }: { readonly page: Page }): ComponentChildren {
  const { jaegerUiUrl, prometheusUrl, grafanaUrl, version, replica } = settings.value ?? {};
  const tools = [
    ['Jaeger', jaegerUiUrl],
    ['Prometheus', prometheusUrl],
    ['Grafana', grafanaUrl],
  ] as const;
  return h(
    'nav',
    { 'aria-label': 'Pages' },
    h(
      'a',
      { class: 'brand', href: hrefOf('try') },
      h('img', { src: 'console/icon.svg', alt: '', width: 20, height: 20 }),
      'Waymark',
    ),
    h(
      'div',
      { class: 'nav-links' },
      PAGES.map((name) =>
        h('a', { key: name, href: hrefOf(name), 'aria-current': name === page ? 'page' : undefined }, TITLES[name][0]),
      ),
    ),
    h(
      'div',
      { class: 'nav-links nav-other' },
      h('a', { href: 'docs' }, 'API'),
      tools.map(([name, url]) =>
        url === null || url === undefined ? null : h('a', { key: name, href: url, rel: 'noreferrer' }, name),
      ),
    ),
    h(
      'div',
      { class: 'nav-foot' },
      h('button', { type: 'button', class: 'quiet', onClick: nextTheme }, `Theme: ${theme.value}`),
      token.value === undefined
        ? null
        : h('button', { type: 'button', class: 'quiet', onClick: () => setToken(undefined) }, 'Token: change'),
      version === undefined ? null : h('span', { class: 'note' }, `version ${version}`),
      typeof replica !== 'string'
        ? null
        : h('span', { class: 'note', title: 'The predictions here are those of this replica' }, `replica ${replica}`),
    ),
  );
}
