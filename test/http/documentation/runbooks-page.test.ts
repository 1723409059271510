import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runbooksPage } from '../../../tools/runbooks-page.ts';
import { shareServices } from '../in-process.ts';

const serve = shareServices();

const PROJECT = join(import.meta.dirname, '../../..');

const markdown = await readFile(join(PROJECT, 'docs/runbooks.md'), 'utf8');

test('the page is current: npm run docs', async () => {
  expect(await readFile(join(PROJECT, 'src/http/documentation/runbooks.html'), 'utf8')).toBe(runbooksPage(markdown));
});

describe('GET /docs/runbooks', () => {
  test('is a page without scripts, whose policy allows its style sheet and its icon only', async () => {
    const { url } = await serve();
    const response = await fetch(`${url}/docs/runbooks`);
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    expect(response.headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    const page = await response.text();
    expect(page).not.toMatch(/<script|<style|style="|\son\w+=|javascript:/i);
    const files = [...page.matchAll(/<link [^>]*href="([^"]+)"/g)].map(([, href]) => href!);
    expect(files).toEqual(['../console/icon.svg', 'runbooks.css']);
    for (const file of files) expect((await fetch(new URL(file, `${url}/docs/runbooks`))).status).toBe(200);
  });

  test('has a section for each alert, with the id to which the alert links', async () => {
    const { url } = await serve();
    const page = await (await fetch(`${url}/docs/runbooks`)).text();
    const alerts = [...markdown.matchAll(/^## (\w+)$/gm)].map(([, name]) => name!);
    expect(alerts.length).toBeGreaterThan(15);
    for (const alert of alerts) expect(page).toContain(`<h2 id="${alert.toLowerCase()}">${alert}</h2>`);
  });

  test('leads from the section of an alert to its requests, with the windows of the alert', async () => {
    const { url } = await serve();
    const page = await (await fetch(`${url}/docs/runbooks`)).text();
    expect(page).toContain(
      '<h2 id="latencybudgetburn">LatencyBudgetBurn</h2>\n<p>Compare its requests: ' +
        '<a href="../#/compare?since=-1h&amp;requestSeconds=0.025..">the last 1h</a> (page), ' +
        '<a href="../#/compare?since=-6h&amp;requestSeconds=0.025..">the last 6h</a> (ticket)</p>',
    );
    expect(page).toContain(
      '<h2 id="f1belowtraining">F1BelowTraining</h2>\n<p>Compare its requests: ' +
        '<a href="../#/compare?since=-1d&amp;correct=false">the last 1d</a></p>',
    );
  });

  test('links within the page, to the service and to its console only', async () => {
    const { url } = await serve();
    const page = await (await fetch(`${url}/docs/runbooks`)).text();
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const links = [...page.matchAll(/<a href="([^"]+)"/g)].map(([, href]) => href!);
    expect(links).toContain('../#/compare?since=-1h&amp;kept=error');
    for (const href of links) {
      if (href.startsWith('#')) expect(ids).toContain(href.slice(1));
      else expect(['../', '../docs']).toContain(href.replace(/^\.\.\/#\/compare\?.*/, '../'));
    }
  });
});

test('a text that looks like markup is text', () => {
  expect(runbooksPage('Use `a < b && "c"`.')).toContain('<code>a &lt; b &amp;&amp; &quot;c&quot;</code>');
});
