/**
 * The commands of `docker compose` that the tests and docs/containers.md use, on podman-compose. It adds what podman-compose lacks on
 * podman 4.3: `up --wait`, the order of starts by health, and grace periods of services.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ComposeService, readComposeServices, startOrder } from './compose-services.ts';

const HEALTHY_WITHIN_MS = 90_000;
const HEALTH_CHECK_INTERVAL_MS = 1_000;

/** The folder of prepare-podman.sh. */
const FOLDER = process.env['WAYMARK_COMPOSE_FOLDER'] ?? '';
const PODMAN = join(FOLDER, 'bin/podman');

const PROJECT = process.env['COMPOSE_PROJECT_NAME'] ?? 'waymark';
const FILES = (process.env['COMPOSE_FILE'] ?? 'docker-compose.yml').split(':');

class CommandFailed extends Error {
  override name = 'CommandFailed';
}

/** Runs a program with the standard streams of this process, and returns its exit code. */
function run(program: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** Runs podman, and returns its exit code and its output. */
function podman(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(PODMAN, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('exit', (code) => resolve({ code: code ?? 1, output: output.trim() }));
  });
}

async function podmanCompose(...args: string[]): Promise<void> {
  const files = FILES.flatMap((file) => ['-f', file]);
  const options = ['--podman-path', PODMAN, '-p', PROJECT, ...files, '--in-pod', 'false'];
  const code = await run(join(FOLDER, 'python/bin/podman-compose'), [
    ...options,
    `--podman-build-args=${process.env['PODMAN_BUILD_OPTIONS'] ?? ''}`,
    ...args,
  ]);
  if (code !== 0) throw new CommandFailed(`docker compose ${args[0]} ended with exit code ${code}`);
}

const containerOf = (service: string) => `${PROJECT}_${service}_1`;

/** Runs the health check of a service until it passes. */
async function waitUntilHealthy(service: string): Promise<void> {
  const deadline = performance.now() + HEALTHY_WITHIN_MS;
  while ((await podman('healthcheck', 'run', containerOf(service))).code !== 0) {
    if (performance.now() > deadline) {
      const { output } = await podman('logs', '--tail', '10', containerOf(service));
      throw new CommandFailed(
        `${service} is not healthy after ${HEALTHY_WITHIN_MS / 1000} s. The end of its log:\n${output}`,
      );
    }
    await delay(HEALTH_CHECK_INTERVAL_MS);
  }
}

/** Removes the container of a service if its image has been built again since: `up` then creates it from the new image. */
async function removeIfOutdated(service: string, graceSeconds: number): Promise<void> {
  const name = containerOf(service);
  const { code, output } = await podman('container', 'inspect', '--format', '{{.Image}} {{.ImageName}}', name);
  if (code !== 0) return;
  const [id, image = ''] = output.split(' ');
  const current = await podman('image', 'inspect', '--format', '{{.Id}}', image);
  if (current.code === 0 && current.output !== id) await podman('rm', '--force', '--time', String(graceSeconds), name);
}

async function up(services: ReadonlyMap<string, ComposeService>, args: readonly string[]): Promise<void> {
  const named = args.filter((arg) => !arg.startsWith('-'));
  const order = startOrder(services, named, !args.includes('--no-deps'));
  if (args.includes('--build')) await podmanCompose('build', ...order);
  const healthy = new Map<string, Promise<void>>();
  for (const service of order) {
    await Promise.all(services.get(service)!.dependencies.map((dependency) => healthy.get(dependency)));
    await removeIfOutdated(service, services.get(service)!.graceSeconds);
    await podmanCompose('up', '--detach', '--no-build', '--no-deps', service);
    const check = waitUntilHealthy(service);
    check.catch(() => {});
    healthy.set(service, check);
  }
  if (args.includes('--wait')) await Promise.all(healthy.values());
}

/** Stops the services in the reverse order of their start, each within its grace period. */
async function stop(services: ReadonlyMap<string, ComposeService>, named: readonly string[]): Promise<void> {
  for (const service of startOrder(services, named, named.length === 0).toReversed()) {
    if ((await podman('container', 'exists', containerOf(service))).code !== 0) continue;
    const grace = String(services.get(service)!.graceSeconds);
    const { code, output } = await podman('stop', '--time', grace, containerOf(service));
    if (code !== 0) throw new CommandFailed(output);
  }
}

async function main([command = '', ...args]: string[]): Promise<void> {
  const services = readComposeServices(readFileSync(FILES[0]!, 'utf8'));
  if (command === 'up') await up(services, args);
  else if (command === 'stop') await stop(services, args);
  else if (command === 'exec' || command === 'run') {
    // Without a terminal, as Docker does it if the standard input is none.
    await podmanCompose(command, ...(args.includes('-T') ? [] : ['-T']), ...args);
  } else await podmanCompose(command, ...args);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CommandFailed)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
