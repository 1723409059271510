import { z } from 'zod';

const definition = z.object({
  spec: z.object({
    group: z.string(),
    names: z.object({ kind: z.string() }),
    versions: z.array(z.object({ name: z.string(), schema: z.object({ openAPIV3Schema: z.unknown() }) })),
  }),
});

/** A schema of a resource, and the name of its file. */
export interface NamedSchema {
  readonly file: string;
  readonly schema: unknown;
}

/**
 * Returns the schemas of a CustomResourceDefinition, one for each version. They refuse a field that the definition does
 * not have, as a server does that is asked for strict validation.
 *
 * @throws {z.ZodError} if the document is not a CustomResourceDefinition
 */
export function schemasOf(document: unknown): NamedSchema[] {
  const { group, names, versions } = definition.parse(document).spec;
  return versions.map(({ name, schema }) => ({
    file: schemaFile(names.kind, `${group}/${name}`),
    schema: toStrict(schema.openAPIV3Schema),
  }));
}

/** Returns the name of the file with the schema of a kind: `podmonitor-monitoring-v1.json`, in the words of kubeconform. */
export function schemaFile(kind: string, apiVersion: string): string {
  const [group = '', version] = apiVersion.split('/');
  return `${[kind.toLowerCase(), group.split('.')[0], version].filter(Boolean).join('-')}.json`;
}

function toStrict(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(toStrict);
  if (typeof node !== 'object' || node === null) return node;
  const copy: Record<string, unknown> = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, toStrict(value)]),
  );
  if (copy['x-kubernetes-int-or-string'] === true) return { type: ['integer', 'string'] };
  if (isSchemaOfFields(copy)) copy['additionalProperties'] ??= false;
  // Formats are names for checks that the server does itself.
  if (typeof copy['format'] === 'string') delete copy['format'];
  return copy;
}

function isSchemaOfFields(schema: Record<string, unknown>): boolean {
  return (
    schema['type'] === 'object' &&
    typeof schema['properties'] === 'object' &&
    schema['x-kubernetes-preserve-unknown-fields'] !== true
  );
}
