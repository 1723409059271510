import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const DEVELOPMENT = 'cdx:npm:package:development';

/** The parts of a CycloneDX document that are changed. */
interface Sbom {
  readonly components: readonly {
    readonly 'bom-ref': string;
    readonly purl: string;
    readonly properties?: readonly { readonly name: string }[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version: string; readonly name?: string; readonly dev?: true }>
  >;
}

/**
 * Prints the production packages as CycloneDX. `npm sbom --omit=dev` of npm 11 cannot be used: it also leaves out production
 * packages that development needs too, such as zod. So the lockfile decides which packages of the whole list stay.
 */
function printSbom(): void {
  const options = ['--package-lock-only', '--sbom-type=application', '--sbom-format=cyclonedx'];
  const listed = execFileSync('npm', ['sbom', ...options], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const sbom = JSON.parse(listed) as Sbom;
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
  const production = new Set(
    Object.entries(lock.packages)
      .filter(([path, { dev }]) => path !== '' && !dev)
      .map(([path, { name, version }]) => `pkg:npm/${name ?? path.split('node_modules/').at(-1)}@${version}`),
  );
  const components = sbom.components
    .filter(({ purl }) => production.has(decodeURIComponent(purl)))
    .map((component) => ({
      ...component,
      // An alias has the name under which it is installed.
      name: /^pkg:npm\/(.+)@/.exec(decodeURIComponent(component.purl))?.[1],
      properties: component.properties?.filter(({ name }) => name !== DEVELOPMENT),
    }));
  const omitted = new Set(sbom.components.map((component) => component['bom-ref']));
  for (const component of components) omitted.delete(component['bom-ref']);
  const dependencies = sbom.dependencies
    .filter(({ ref }) => !omitted.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => !omitted.has(other)) }));
  process.stdout.write(`${JSON.stringify({ ...sbom, components, dependencies }, undefined, 2)}\n`);
}

printSbom();
