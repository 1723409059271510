import { access, constants, mkdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';
import { installTools, missingPrerequisite } from '../stack/install.ts';
import { type Output, step } from '../stack/progress.ts';
import { run } from '../stack/run.ts';
import { stackVersions } from '../stack/versions.ts';

const PROJECT_FOLDER = join(import.meta.dirname, '../..');

/** The folder of commands, configuration and logs of the containers, outside of the checkout. */
const FOLDER = cacheFolder('compose');

/** Debian's packages with the programs that podman needs here, and a path of each. */
const PACKAGES = {
  podman: ['/usr/bin/podman'],
  runc: ['/usr/sbin/runc', '/usr/bin/runc'],
  netavark: ['/usr/lib/podman/netavark'],
  'aardvark-dns': ['/usr/lib/podman/aardvark-dns'],
  iptables: ['/usr/sbin/iptables'],
  debootstrap: ['/usr/sbin/debootstrap'],
  'busybox-static': ['/bin/busybox'],
};

/**
 * Returns the reason why containers cannot run on this machine, or `undefined` if nothing is missing. With `DOCKER_COMMAND`
 * nothing is needed: it is the path of a `docker` command that has all images, and docker-engine.sh sets it.
 */
export async function missingForContainers(): Promise<string | undefined> {
  if (process.env['DOCKER_COMMAND']) return undefined;
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'Containers need Linux and root here';
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'python3'));
  const missing: string[] = [];
  for (const [name, paths] of Object.entries({ ...PACKAGES, python3: onPath })) {
    if (!(await hasProgram(paths))) missing.push(name);
  }
  if (missing.length > 0) return `Debian's packages ${missing.join(', ')} are missing`;
  return missingPrerequisite();
}

/**
 * Prepares podman with the images that docker-compose.yml and the Dockerfile start from. The first time takes some minutes.
 *
 * @returns the path of a command that takes the arguments of `docker`
 * @throws {Error} if a prerequisite is missing or an image cannot be built
 */
export async function prepareContainers(output: Output, signal: AbortSignal): Promise<string> {
  const given = process.env['DOCKER_COMMAND'];
  if (given) return given;
  const tools = await installTools(output, signal);
  const dockerfile = await readFile(join(PROJECT_FOLDER, 'Dockerfile'), 'utf8');
  const baseImage = (name: string) =>
    `docker.io/library/${new RegExp(`^FROM (${name}:\\S+)`, 'm').exec(dockerfile)?.[1]}`;
  const published = (image: string) => `docker.io/${image}`;
  const runScript = (name: string, env: NodeJS.ProcessEnv = {}) =>
    run(join(import.meta.dirname, name), [FOLDER], {
      cwd: PROJECT_FOLDER,
      log: join(FOLDER, 'prepare.log'),
      env,
      signal,
    });
  await mkdir(FOLDER, { recursive: true });
  await runScript('prepare-podman.sh');
  await step(output, 'base images of the containers, built once, about 3 minutes', () =>
    runScript('base-images.sh', {
      NODE_IMAGE: baseImage('node'),
      BUSYBOX_IMAGE: baseImage('busybox'),
      COLLECTOR_IMAGE: published(stackVersions.collector.image),
      JAEGER_IMAGE: published(stackVersions.jaeger.image),
      PROMETHEUS_IMAGE: published(stackVersions.prometheus.image),
      ALERTMANAGER_IMAGE: published(stackVersions.alertmanager.image),
      VICTORIA_LOGS_IMAGE: published(stackVersions.victoriaLogs.image),
      GRAFANA_IMAGE: published(stackVersions.grafana.image),
      COLLECTOR: tools.collector,
      JAEGER: tools.jaeger,
      PROMETHEUS: tools.prometheus,
      ALERTMANAGER: tools.alertmanager,
      VICTORIA_LOGS: tools.victoriaLogs,
    }),
  );
  return join(FOLDER, 'bin/docker');
}

/** Returns whether there is a program at one of the paths. */
function hasProgram(paths: readonly string[]): Promise<boolean> {
  return Promise.any(paths.map((path) => access(path, constants.X_OK))).then(
    () => true,
    () => false,
  );
}
