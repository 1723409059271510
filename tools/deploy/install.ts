import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildCollectorWithoutTests, goInstall } from '../stack/go-build.ts';
import { installBuild, onPath } from '../stack/install.ts';
import type { Output } from '../stack/progress.ts';
import { writeSchemas } from './schemas.ts';
import { CHECKERS, CUSTOM_RESOURCES, KUBERNETES_VERSION, RECEIVING_COLLECTOR_VERSION } from './versions.ts';

/** The paths of the programs that check the chart, and of the schemas. */
export interface Checkers {
  readonly helm: string;
  readonly kubeconform: string;
  readonly kubeScore: string;
  readonly conftest: string;
  /** A folder with a schema for each kind. */
  readonly schemas: string;
}

/** Returns the reason why the programs cannot be installed on this machine, or `undefined` if nothing is missing. */
export async function missingForCheckers(): Promise<string | undefined> {
  if (!(await onPath('go'))) return 'Go is missing: it builds Helm and the programs that check the chart once';
  if (!(await onPath('python3'))) return 'Python 3 is missing: its pip downloads the schemas of Kubernetes once';
  return undefined;
}

/**
 * Installs Helm into the cache, unless it is there, and returns its path.
 *
 * @throws {Error} if the build fails, or `signal` is aborted
 */
export function installHelm(output: Output, signal: AbortSignal): Promise<string> {
  return installChecker('helm', output, signal);
}

/**
 * Installs all programs that check the chart, and the schemas, into the cache, once for all checkouts.
 *
 * @throws {Error} if a build or a download fails, or `signal` is aborted
 */
export async function installCheckers(output: Output, signal: AbortSignal): Promise<Checkers> {
  // One after the other, since each Go build uses all cores.
  const helm = await installHelm(output, signal);
  const kubeconform = await installChecker('kubeconform', output, signal);
  const kubeScore = await installChecker('kube-score', output, signal);
  const conftest = await installChecker('conftest', output, signal);
  const schemas = await installBuild(
    {
      key: `kubernetes-definitions-${KUBERNETES_VERSION}-${digestOf(JSON.stringify(CUSTOM_RESOURCES))}`,
      title: `Schemas of Kubernetes ${KUBERNETES_VERSION} and of custom resources`,
      make: writeSchemas,
    },
    output,
    signal,
  );
  return { helm, kubeconform, kubeScore, conftest, schemas };
}

/**
 * Installs a Collector with the parts of otel/collector/receiving.yaml into the cache, and returns its path.
 *
 * @throws {Error} if the build fails, or `signal` is aborted
 */
export async function installReceivingCollector(output: Output, signal: AbortSignal): Promise<string> {
  const manifest = join(import.meta.dirname, 'receiving-collector.yaml');
  const folder = await installBuild(
    {
      key: `receiving-otelcol-${digestOf((await readFile(manifest, 'utf8')).replace(/^\s*#.*\n/gm, ''))}`,
      title: `OpenTelemetry Collector ${RECEIVING_COLLECTOR_VERSION} of the receiving tier, built once, about 5 minutes`,
      make: (target, stop) => buildCollectorWithoutTests(RECEIVING_COLLECTOR_VERSION, manifest, target, stop),
    },
    output,
    signal,
  );
  return join(folder, 'otelcol');
}

async function installChecker(name: keyof typeof CHECKERS, output: Output, signal: AbortSignal): Promise<string> {
  const program = CHECKERS[name];
  const version = program.slice(program.lastIndexOf('@') + 1);
  const folder = await installBuild(
    {
      key: `${name}-${version}`,
      title: `${name} ${version}, built once, up to 6 minutes`,
      make: (target, stop) => goInstall(program, target, stop),
    },
    output,
    signal,
  );
  return join(folder, name);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
