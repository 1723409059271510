import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { z } from 'zod';

const run = promisify(execFile);

const containerSchema = z
  .array(
    z.object({
      State: z.object({ Status: z.string(), ExitCode: z.number(), OOMKilled: z.boolean(), Pid: z.number() }),
      HostConfig: z.object({ Memory: z.number(), NanoCpus: z.number() }),
    }),
  )
  .length(1);

/** The state of a container, as `docker inspect` shows it. */
export type Container = z.infer<typeof containerSchema>[number];

/** A command that failed, with its output. */
class DockerError extends Error {
  override name = 'DockerError';
}

/**
 * Runs a `docker` command and returns its standard output.
 *
 * @throws {DockerError} if the exit code is not 0
 */
export async function docker(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const command = inject('dockerCommand');
  // Podman leaves an empty file `oom` in the working directory if the kernel kills a process of a container.
  const options = { cwd: dirname(command), env: { ...process.env, ...env }, maxBuffer: 1 << 28 };
  try {
    return (await run(command, args, options)).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new DockerError(`docker ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Returns both output streams of a container. */
export async function logsOf(container: string): Promise<string> {
  const { stdout, stderr } = await run(inject('dockerCommand'), ['logs', container], { maxBuffer: 1 << 28 });
  return stdout + stderr;
}

/** Returns the state and the limits of a container. */
export async function inspect(container: string): Promise<Container> {
  return containerSchema.parse(JSON.parse(await docker(['inspect', container])))[0]!;
}

/** Returns the memory that a container uses, without the page cache, in bytes. */
export async function memoryOf(container: string): Promise<number> {
  const usage = await docker(['stats', '--no-stream', '--format', '{{.MemUsage}}', container]);
  const [, amount, unit = ''] = /^([\d.]+)([kKMG]?i?B)/.exec(usage.trim()) ?? [];
  const bytes = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }[unit];
  if (bytes === undefined) throw new Error(`docker stats reports ${JSON.stringify(usage)}`);
  return Number(amount) * bytes;
}
