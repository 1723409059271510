import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { panelDashboards } from '../../../tools/pictures/panels.ts';
import { picturesPage } from '../../../tools/pictures/row-picture.ts';

const FOLDER = join(import.meta.dirname, '../../../docs/dashboards');
const dashboards = panelDashboards();
const HINT = 'npm run docs -- --pictures';

test('the page of the pictures is current', () => {
  expect(readFileSync(join(FOLDER, 'README.md'), 'utf8'), HINT).toBe(picturesPage(dashboards));
});

test('there is a picture for each row of each dashboard, and no other', () => {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.svg'));
  const expected = dashboards.flatMap(({ name, rows }) => rows.map((row) => join(name, `${row.name}.svg`)));
  expect(files.toSorted(), HINT).toEqual(expected.toSorted());
});

const rows = dashboards.flatMap(({ name, rows }) =>
  rows.map((row) => ({ ...row, file: join(name, `${row.name}.svg`) })),
);

describe.each(rows)('$file', ({ file, panels }) => {
  const svg = readFileSync(join(FOLDER, file), 'utf8');
  const drawn = new Map(
    [...svg.matchAll(/<g data-panel="(\d+)" data-series="([^"]*)"><title>([^<]*)<\/title>/g)].map(
      ([, id, series = '', title]) => [Number(id), { series, title }],
    ),
  );

  test('shows its panels', () => {
    expect([...drawn.keys()], HINT).toEqual(panels.map(({ id }) => id));
  });

  test.each(panels)('$title has a result for each query', ({ id, title, targets }) => {
    expect(drawn.get(id)?.title.replace('&amp;', '&'), HINT).toBe(title);
    const counts = drawn
      .get(id)!
      .series.split(' ')
      .map((count) => count.split(':'));
    expect(counts.map(([refId]) => refId)).toEqual(targets.map(({ refId }) => refId));
    for (const [refId, count] of counts) expect(Number(count), refId).toBeGreaterThan(0);
  });

  test('needs no other file, and names no port of the run', () => {
    expect(svg).not.toMatch(/<script|<image|href=|url\(http|@import/);
    for (const [, port] of svg.matchAll(/127\.0\.0\.1:(\d+)/g)) expect(Number(port)).toBeLessThan(20_000);
  });
});
