import { createHash } from 'node:crypto';
import { access, constants, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';
import { unpackDebianPackage } from './debian-package.ts';
import { buildCollector, goBuildTool, goInstall } from './go-build.ts';
import { type Output, step } from './progress.ts';
import { MIN_GO_VERSION, MIN_PROMETHEUS_VERSION, stackVersions } from './versions.ts';

/** Binaries depend on the platform, and machines of different platforms may share a home folder. */
const CACHE = cacheFolder(`${process.platform}-${process.arch}`);

/** The paths of the programs that the stack runs besides the service. */
export interface Tools {
  collector: string;
  jaeger: string;
  victoriaLogs: string;
  prometheus: string;
  alertmanager: string;
  /** The folder with the web pages of Prometheus, if it is not installed system-wide. */
  prometheusAssets: string | undefined;
}

/** A program that is built or unpacked once, into the cache. */
export interface Build {
  /** The name of the binary. */
  program: string;
  /** The name of the folder in the cache. It changes with the version and the configuration of the build. */
  key: string;
  title: string;
  make: (folder: string, signal: AbortSignal) => Promise<void>;
}

/** Returns the reason why the programs cannot be installed on this machine, or `undefined` if nothing is missing. */
export async function missingPrerequisite(): Promise<string | undefined> {
  const cached = await Promise.all((await goBuilds()).map(({ key }) => exists(join(CACHE, key))));
  if (cached.includes(false) && !(await onPath('go'))) {
    return `Go is missing (${MIN_GO_VERSION} or newer): it builds the Collector, Jaeger, Alertmanager and VictoriaLogs once`;
  }
  const hasPrometheus = (await onPath('prometheus')) ?? (await exists(join(CACHE, prometheusBuild().key)));
  if (!hasPrometheus && !((await onPath('apt-get')) && (await onPath('dpkg-deb')))) {
    return `Prometheus is missing (${MIN_PROMETHEUS_VERSION} or newer), and so is apt-get to download it: put \`prometheus\` on the PATH`;
  }
  return undefined;
}

/**
 * Installs the missing programs into the cache, once for all checkouts, and returns the paths of all programs.
 *
 * @throws {Error} if a prerequisite is missing, a build fails, or `signal` is aborted
 */
export async function installTools(output: Output, signal: AbortSignal): Promise<Tools> {
  const missing = await missingPrerequisite();
  if (missing) throw new Error(missing);
  const paths = new Map<string, string>();
  // One after the other, since each Go build uses all cores.
  for (const build of await goBuilds()) {
    paths.set(build.program, join(await installBuild(build, output, signal), build.program));
  }
  const pathOf = (program: string) => paths.get(program)!;
  const systemPrometheus = await onPath('prometheus');
  const prometheusFolder = systemPrometheus ? undefined : await installBuild(prometheusBuild(), output, signal);
  return {
    alertmanager: pathOf('alertmanager'),
    collector: pathOf('otelcol'),
    jaeger: pathOf('jaeger'),
    victoriaLogs: pathOf('victoria-logs'),
    prometheus: systemPrometheus ?? join(prometheusFolder ?? '', 'usr/bin/prometheus'),
    prometheusAssets: prometheusFolder && join(prometheusFolder, 'usr/share/prometheus/web'),
  };
}

async function goBuilds(): Promise<Build[]> {
  const manifest = join(import.meta.dirname, '../../otel/collector/builder.yaml');
  // A changed comment needs no new build.
  const parts = (await readFile(manifest, 'utf8')).replace(/^\s*#.*\n/gm, '');
  const digest = createHash('sha256').update(parts).digest('hex').slice(0, 12);
  const victoriaLogs = stackVersions.victoriaLogs.native;
  const alertmanager = stackVersions.alertmanager.native;
  const jaeger = stackVersions.jaeger.native;
  const collector = stackVersions.collector.native;
  return [
    {
      program: 'victoria-logs',
      key: `victoria-logs-${victoriaLogs}`,
      title: `VictoriaLogs ${victoriaLogs}, built once, about a minute`,
      make: (folder, signal) =>
        goInstall(`github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs@${victoriaLogs}`, folder, signal),
    },
    {
      program: 'alertmanager',
      key: `alertmanager-${alertmanager}`,
      title: `Alertmanager ${alertmanager}, built once, about a minute`,
      // Built and not unpacked from its Debian package, which needs its files in /usr/share.
      make: (folder, signal) =>
        goInstall(`github.com/prometheus/alertmanager/cmd/alertmanager@${alertmanager}`, folder, signal),
    },
    {
      program: 'jaeger',
      key: `jaeger-${jaeger}`,
      title: `Jaeger ${jaeger}, built once, 5 to 8 minutes`,
      make: (folder, signal) => goBuildTool('github.com/jaegertracing/jaeger/cmd/jaeger', jaeger, folder, signal),
    },
    {
      program: 'otelcol',
      key: `otelcol-${collector}-${digest}`,
      title: `OpenTelemetry Collector ${collector}, built once, 5 to 8 minutes`,
      make: (folder, signal) => buildCollector(collector, manifest, folder, signal),
    },
  ];
}

function prometheusBuild(): Build {
  return {
    program: 'prometheus',
    key: 'prometheus-debian',
    title: 'Prometheus, unpacked from its Debian package',
    make: (folder, signal) => unpackDebianPackage('prometheus', folder, signal),
  };
}

/**
 * Makes a build, unless the cache has it, and returns its folder.
 *
 * @throws {Error} if the build fails, or `signal` is aborted
 */
export async function installBuild(
  build: Omit<Build, 'program'>,
  output: Output,
  signal: AbortSignal,
): Promise<string> {
  const folder = join(CACHE, build.key);
  if (await exists(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  const unfinished = await mkdtemp(join(CACHE, 'unfinished-'));
  try {
    await step(output, build.title, () => build.make(unfinished, signal));
    await rename(unfinished, folder);
  } catch (error) {
    // Another process may have finished the same build in the meantime; its result is as good.
    if (!(await exists(folder))) throw error;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}

/** Returns the path of a program that is on the PATH. */
export async function onPath(program: string): Promise<string | undefined> {
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
