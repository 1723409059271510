import { readdirSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import { CHART } from '../../../tools/chart-files.ts';
import { render } from '../../../tools/deploy/render.ts';

/** The names of the sets of values that the chart is checked with. */
export const PROFILES: readonly string[] = readdirSync(join(CHART, 'ci')).map((file) =>
  file.replace('-values.yaml', ''),
);

const manifest = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});

/** An object of a rendering. */
export type Manifest = z.infer<typeof manifest>;

/** Renders the chart with a profile. */
export function renderProfile(helm: string, profile: string): Promise<string> {
  return render(helm, '--values', join(CHART, `ci/${profile}-values.yaml`));
}

/** The version of YAML that Helm and Kubernetes read: 0440 is octal, and `yes` is a boolean. */
const YAML = { version: '1.1' } as const;

/** Returns the objects of a rendering. */
export function manifestsOf(text: string): Manifest[] {
  return parseAllDocuments(text, YAML)
    .map((document) => document.toJS() as unknown)
    .filter((content) => content !== null)
    .map((content) => manifest.parse(content));
}

/** Writes objects or a rendering into a new file, and returns its path. */
export async function toFile(content: string | readonly Manifest[]): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'waymark-manifests-')), 'manifests.yaml');
  const text = typeof content === 'string' ? content : content.map((object) => stringify(object, YAML)).join('---\n');
  await writeFile(file, text);
  return file;
}
