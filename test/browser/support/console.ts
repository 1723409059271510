import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject } from 'vitest';

/** The faults of a page: errors, violations of its policy, requests to other machines. */
type Faults = string[];

/** A page of the console in a real browser. */
export interface ConsolePage {
  readonly page: Page;
  /** Opens a page of the console and waits for its heading. */
  open(address: string): Promise<void>;
  /** Fails if the page had an error, violated its policy, or sent a request to another machine. */
  expectClean(): void;
  /** Fails if axe finds a fault. */
  expectAccessible(): Promise<void>;
}

interface ConsoleOptions {
  readonly theme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  /** The statuses of answers that a test expects; the browser logs them as errors. */
  readonly statuses?: readonly number[];
}

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Describes journeys in the console. They are skipped without a browser. */
export function describeConsole(name: string, body: (open: OpenConsole) => void): void {
  describe.skipIf(inject('chromium') === '')(`${name} (needs Chromium)`, () => {
    let browser: Browser;
    const contexts: BrowserContext[] = [];
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: inject('chromium'), args: ['--no-sandbox', '--disable-gpu'] });
    });
    afterAll(async () => {
      for (const context of contexts) await context.close();
      await browser.close();
    });
    body(async (url, options = {}) => {
      const { theme = 'light', width = 1280, height = 800 } = options;
      const context = await browser.newContext({
        colorScheme: theme,
        viewport: { width, height },
        reducedMotion: 'reduce',
      });
      contexts.push(context);
      return openConsole(await context.newPage(), url, options);
    });
  });
}

export type OpenConsole = (url: string, options?: ConsoleOptions) => Promise<ConsolePage>;

async function openConsole(page: Page, url: string, { statuses = [] }: ConsoleOptions): Promise<ConsolePage> {
  const faults: Faults = [];
  const expected = new RegExp(`status of (?:${statuses.join('|') || 'none'})\\b`);
  page.setDefaultTimeout(15_000);
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    if (!expected.test(message.text())) faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`error: ${error.stack}`));
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (hostname !== '127.0.0.1' && protocol !== 'blob:') faults.push(`request to ${request.url()}`);
  });
  await page.addInitScript(
    "addEventListener('securitypolicyviolation', (event) => console.error('policy', event.violatedDirective, event.blockedURI))",
  );
  return {
    page,
    async open(address) {
      await page.goto(`${url}/${address}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
    },
    expectClean: () => expect(faults).toEqual([]),
    async expectAccessible() {
      await page.evaluate(axe.source);
      const found = await page.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(RULES)} })`);
      const { violations } = found as {
        violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
      };
      expect(
        violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`)]),
      ).toEqual([]);
    },
  };
}

/** Returns the numbers of a row of a table. */
export async function numbersOf(row: Locator): Promise<number[]> {
  const cells = await row.locator('td').allInnerTexts();
  return cells.map((text) => Number.parseFloat(text.replaceAll(',', '')));
}
