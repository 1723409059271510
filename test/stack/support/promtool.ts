import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PROMETHEUS_FOLDER = join(import.meta.dirname, '../../../otel/prometheus');

/**
 * Runs promtool on all files of a folder below `otel/prometheus`, and returns its output.
 *
 * @throws {Error} with the output of promtool if it fails
 */
export async function promtool(program: string, command: string[], folder: 'rules' | 'tests'): Promise<string> {
  const files = (await readdir(join(PROMETHEUS_FOLDER, folder))).map((file) => join(PROMETHEUS_FOLDER, folder, file));
  try {
    const { stdout } = await promisify(execFile)(program, [...command, ...files]);
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`promtool ${command.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}
