import { createHash } from 'node:crypto';
import { access, constants, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';
import { unpackDebianPackage } from './debian-package.ts';
import { buildCollector, buildJaeger, goInstall } from './go-build.ts';
import { type Output, step } from './progress.ts';

/** Machines may share a home, and not their binaries. */
const CACHE = cacheFolder(`${process.platform}-${process.arch}`);

const COLLECTOR_VERSION = 'v0.149.0';
/** Jaeger's v2 releases have no Go module version of their own; this one is v2.13.0. */
const JAEGER_VERSION = 'v1.76.0';
/** Debian's needs its files in /usr/share, and so to be installed. */
const ALERTMANAGER_VERSION = 'v0.28.1';
const VICTORIA_LOGS_VERSION = 'v1.52.1';

/** The programs that the stack runs besides the service, by the path of each one's binary. */
export interface Tools {
  collector: string;
  jaeger: string;
  victoriaLogs: string;
  prometheus: string;
  alertmanager: string;
  /** Where Prometheus finds its web pages when it was not installed system-wide. */
  prometheusAssets: string | undefined;
}

interface Build {
  /** Changes with everything that changes the result, so that an old result is never taken for a new one. */
  key: string;
  title: string;
  make: (folder: string, signal: AbortSignal) => Promise<void>;
}

/** Why the stack's programs cannot be installed here, or undefined where they can or already are. */
export async function missingPrerequisite(): Promise<string | undefined> {
  const cached = await Promise.all((await goBuilds()).map(({ key }) => exists(join(CACHE, key))));
  if (cached.includes(false) && !(await onPath('go'))) {
    return 'Go is missing (1.26.5 or newer): it builds the Collector, Jaeger, Alertmanager and VictoriaLogs once';
  }
  const hasPrometheus = (await onPath('prometheus')) ?? (await exists(join(CACHE, prometheusBuild().key)));
  if (!hasPrometheus && !((await onPath('apt-get')) && (await onPath('dpkg-deb')))) {
    return 'Prometheus is missing (2.40 or newer), and there is no apt-get to bring it: put `prometheus` on the PATH';
  }
  return undefined;
}

/** Installs what is missing, once for all checkouts, and says where everything is. */
export async function installTools(output: Output, signal: AbortSignal): Promise<Tools> {
  const missing = await missingPrerequisite();
  if (missing) throw new Error(missing);
  const installed = new Map<string, string>();
  // One after the other: each Go build uses every core by itself.
  for (const build of await goBuilds())
    installed.set(build.key.split('-v')[0] ?? build.key, await install(build, output, signal));
  const systemPrometheus = await onPath('prometheus');
  const prometheusFolder = systemPrometheus ? undefined : await install(prometheusBuild(), output, signal);
  return {
    alertmanager: join(installed.get('alertmanager') ?? '', 'alertmanager'),
    collector: join(installed.get('otelcol') ?? '', 'otelcol'),
    jaeger: join(installed.get('jaeger') ?? '', 'jaeger'),
    victoriaLogs: join(installed.get('victoria-logs') ?? '', 'victoria-logs'),
    prometheus: systemPrometheus ?? join(prometheusFolder ?? '', 'usr/bin/prometheus'),
    prometheusAssets: prometheusFolder && join(prometheusFolder, 'usr/share/prometheus/web'),
  };
}

async function goBuilds(): Promise<Build[]> {
  const manifest = join(import.meta.dirname, '../../otel/collector/builder.yaml');
  const digest = createHash('sha256')
    .update(await readFile(manifest))
    .digest('hex')
    .slice(0, 12);
  return [
    {
      key: `victoria-logs-${VICTORIA_LOGS_VERSION}`,
      title: `VictoriaLogs ${VICTORIA_LOGS_VERSION}, built once, about a minute`,
      make: (folder, signal) =>
        goInstall(`github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs@${VICTORIA_LOGS_VERSION}`, folder, signal),
    },
    {
      key: `alertmanager-${ALERTMANAGER_VERSION}`,
      title: `Alertmanager ${ALERTMANAGER_VERSION}, built once, about a minute`,
      make: (folder, signal) =>
        goInstall(`github.com/prometheus/alertmanager/cmd/alertmanager@${ALERTMANAGER_VERSION}`, folder, signal),
    },
    {
      key: `jaeger-${JAEGER_VERSION}`,
      title: `Jaeger ${JAEGER_VERSION}, built once, 5 to 8 minutes`,
      make: (folder, signal) => buildJaeger(JAEGER_VERSION, folder, signal),
    },
    {
      key: `otelcol-${COLLECTOR_VERSION}-${digest}`,
      title: `OpenTelemetry Collector ${COLLECTOR_VERSION}, built once, 5 to 8 minutes`,
      make: (folder, signal) => buildCollector(COLLECTOR_VERSION, manifest, folder, signal),
    },
  ];
}

function prometheusBuild(): Build {
  return {
    key: 'prometheus-debian',
    title: 'Prometheus, unpacked from its Debian package',
    make: (folder, signal) => unpackDebianPackage('prometheus', folder, signal),
  };
}

async function install(build: Build, output: Output, signal: AbortSignal): Promise<string> {
  const folder = join(CACHE, build.key);
  if (await exists(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  const unfinished = await mkdtemp(join(CACHE, 'unfinished-'));
  try {
    await step(output, build.title, () => build.make(unfinished, signal));
    await rename(unfinished, folder);
  } catch (error) {
    // Somebody else may have finished the same build meanwhile; theirs is as good.
    if (!(await exists(folder))) throw error;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}

async function onPath(program: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const path = join(folder, program);
    if (await exists(path, constants.X_OK)) return path;
  }
  return undefined;
}

function exists(path: string, mode: number = constants.F_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
