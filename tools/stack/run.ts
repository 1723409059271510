import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';

/** Options of `run`. */
export interface RunOptions {
  cwd: string;
  /** The file to which the output is appended. */
  log: string;
  /** Kills the command when aborted. */
  signal: AbortSignal;
  env?: NodeJS.ProcessEnv;
}

/**
 * Runs a command until its end, with its output in a log file.
 *
 * @throws {Error} with the last lines of the log if the exit code is not 0
 */
export async function run(file: string, args: string[], options: RunOptions): Promise<void> {
  const log = await open(options.log, 'a');
  try {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', log.fd, log.fd],
      signal: options.signal,
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) throw new Error(`${file} ${args.join(' ')} failed:\n${await tail(options.log)}`);
  } finally {
    await log.close();
  }
}

/** Returns the last lines of a log file, indented for people. */
export async function tail(path: string, lines = 15): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const last = text.trimEnd().split('\n').slice(-lines);
  return last.map((line) => `  | ${line.slice(0, 300)}`).join('\n');
}
