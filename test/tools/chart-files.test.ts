import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CHART, chartFiles } from '../../tools/chart-files.ts';
import { stackVersions } from '../../tools/stack/versions.ts';

const read = (path: string) => readFileSync(join(CHART, path), 'utf8');
const values: unknown = parse(read('values.yaml'));
const schema = JSON.parse(read('values.schema.json')) as Schema;

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  $ref?: string;
  definitions?: Record<string, Schema>;
}

describe('the files of the chart', () => {
  test('are those of otel/, which `npm run docs` copies', async () => {
    const carried = readdirSync(join(CHART, 'files'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(CHART.length + 1));
    const sources = await chartFiles();
    expect(carried.toSorted()).toEqual([...sources.keys()].toSorted());
    for (const [path, content] of sources) expect(read(path), path).toBe(content);
  });

  test('are short templates', () => {
    const long = readdirSync(join(CHART, 'templates'), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(?:yaml|tpl)$/.test(path))
      .filter((path) => read(`templates/${path}`).split('\n').length > 150);
    expect(long).toEqual([]);
  });
});

describe('values.yaml', () => {
  test('follows values.schema.json', () => {
    const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
    ajv.validate(schema, values);
    expect(ajv.errors ?? []).toEqual([]);
  });

  test('has every value of the schema, and no other', () => {
    const described = namesOf(schema).filter((name) => name !== 'global');
    expect(described.toSorted()).toEqual(namesIn(values, described).toSorted());
  });

  test('has the images of docker-compose.yml', () => {
    expect(values).toMatchObject({
      collector: { image: imageOf(stackVersions.collector.image) },
      jaeger: { image: imageOf(stackVersions.jaeger.image) },
    });
  });
});

function namesOf(node: Schema, prefix = ''): string[] {
  const { properties } = node.$ref ? schema.definitions![node.$ref.replace('#/definitions/', '')]! : node;
  if (!properties) return [prefix];
  return Object.entries(properties).flatMap(([name, child]) => namesOf(child, prefix ? `${prefix}.${name}` : name));
}

/** Returns the paths of a document, down to those that the schema describes. */
function namesIn(node: unknown, described: readonly string[], prefix = ''): string[] {
  if (described.includes(prefix) || typeof node !== 'object' || node === null) return [prefix];
  return Object.entries(node).flatMap(([name, child]) =>
    namesIn(child, described, prefix ? `${prefix}.${name}` : name),
  );
}

function imageOf(image: string): { repository: string; tag: string } {
  const [repository = '', tag = ''] = image.split(':');
  return { repository, tag };
}
