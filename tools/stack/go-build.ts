import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { run } from './run.ts';

// Without cgo, no C compiler is needed. Without symbols, the binaries are a third smaller.
const buildEnvironment = { CGO_ENABLED: '0' };
const FLAGS = ['-trimpath', '-ldflags', '-s -w'];

/**
 * Builds a program of a published Go module into a folder.
 *
 * @throws {Error} with the end of the build log if the build fails
 */
export function goInstall(program: string, folder: string, signal: AbortSignal): Promise<void> {
  return inScratchFolder(signal, (_scratch, go) => go(['install', ...FLAGS, program], { GOBIN: folder }));
}

/**
 * Builds a program whose go.mod has replacements into a folder. `go install` rejects such a program, so it is built as a tool of an
 * empty module.
 *
 * @param program the path of its package
 * @param replacements the modules that take the place of others, as `PATH=PATH@VERSION`
 * @throws {Error} with the end of the build log if the build fails
 */
export function goBuildTool(
  program: string,
  version: string,
  folder: string,
  signal: AbortSignal,
  replacements: readonly string[] = [],
): Promise<void> {
  return inScratchFolder(signal, async (_scratch, go) => {
    await go(['mod', 'init', 'waymark.invalid/tool']);
    for (const replacement of replacements) await go(['mod', 'edit', `-replace=${replacement}`]);
    await go(['get', '-tool', `${program}@${version}`]);
    await go(['build', ...FLAGS, '-o', join(folder, basename(program)), program]);
  });
}

/**
 * Builds a Collector with the parts of a manifest into a folder, with the Collector's own builder.
 *
 * @throws {Error} with the end of the build log if the build fails
 */
export function buildCollector(version: string, manifest: string, folder: string, signal: AbortSignal): Promise<void> {
  return inScratchFolder(signal, async (scratch, go) => {
    await go(['run', `go.opentelemetry.io/collector/cmd/builder@${version}`, `--config=${manifest}`]);
    await copyFile(join(scratch, 'build/otelcol'), join(folder, 'otelcol'));
  });
}

/**
 * Builds a Collector as `buildCollector` does, without the modules that only the tests of its parts need: the Go proxy
 * does not have them in every version.
 *
 * @throws {Error} with the end of the build log if the build fails
 */
export function buildCollectorWithoutTests(
  version: string,
  manifest: string,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  return inScratchFolder(signal, async (_scratch, go) => {
    const builder = `go.opentelemetry.io/collector/cmd/builder@${version}`;
    await go(['run', builder, '--skip-get-modules', '--skip-compilation', `--config=${manifest}`]);
    await go(['build', '-C', 'build', '-mod=mod', ...FLAGS, '-o', join(folder, 'otelcol'), '.']);
  });
}

/**
 * Downloads Go modules, and returns their folders by their paths.
 *
 * @param modules paths and versions, such as `sigs.k8s.io/gateway-api@v1.6.3`
 * @throws {Error} if a module cannot be downloaded
 */
export async function downloadModules(modules: readonly string[], signal: AbortSignal): Promise<Map<string, string>> {
  const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', ...modules], {
    cwd: tmpdir(),
    signal,
  });
  // One object after the other, each indented.
  const downloads = stdout.split(/(?<=^\})\n/m).filter((text) => text.trim() !== '');
  return new Map(downloads.map((text) => moduleFolder.parse(JSON.parse(text))).map(({ Path, Dir }) => [Path, Dir]));
}

const moduleFolder = z.object({ Path: z.string(), Dir: z.string() });

type Go = (args: string[], environment?: Record<string, string>) => Promise<void>;

async function inScratchFolder(signal: AbortSignal, work: (scratch: string, go: Go) => Promise<void>): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'waymark-build-'));
  try {
    await work(scratch, (args, environment) =>
      run('go', args, {
        cwd: scratch,
        log: join(scratch, 'build.log'),
        env: { ...buildEnvironment, ...environment },
        signal,
      }),
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
