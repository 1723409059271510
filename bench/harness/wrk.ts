import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The result of a run of `wrk`. */
export interface WrkResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The number of answers other than 2xx and 3xx, and of requests without an answer. */
  readonly failed: number;
}

/** Writes a script with which `wrk` posts the bodies in a cycle, and returns its path. */
export async function writeWrkScript(
  folder: string,
  name: string,
  path: string,
  bodies: readonly unknown[],
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const lines = join(folder, `${name}.jsonl`);
  const script = join(folder, `${name}.lua`);
  await writeFile(lines, bodies.map((body) => `${JSON.stringify(body)}\n`).join(''));
  const added = Object.entries(headers).map(
    ([header, value]) => `, [${JSON.stringify(header)}] = ${JSON.stringify(value)}`,
  );
  await writeFile(
    script,
    `local requests, i = {}, 0
function init()
  for body in io.lines(${JSON.stringify(lines)}) do
    -- "Host" in this spelling replaces wrk's own header. Otherwise it is sent twice, and gunicorn answers with 400.
    requests[#requests + 1] = wrk.format("POST", ${JSON.stringify(path)}, {["Content-Type"] = "application/json", ["Host"] = "127.0.0.1"${added.join('')}}, body)
  end
end
function request() i = i % #requests + 1; return requests[i] end
`,
  );
  return script;
}

/**
 * Runs `wrk` with one thread, by default with 16 connections and on the second core.
 *
 * @param cores the cores as `taskset` reads them
 * @throws {Error} if `wrk` or `taskset` is missing, or if the output of `wrk` cannot be parsed
 */
export async function wrk(
  script: string,
  url: string,
  seconds: number,
  { cores = '1', connections = 16 }: { cores?: string | undefined; connections?: number } = {},
): Promise<WrkResult> {
  // With its default timeout of 2 s, wrk would count a slow answer as an error and leave it out of the percentiles.
  const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '--timeout', '30s'];
  const { stdout } = await run('taskset', ['-c', cores, 'wrk', ...options, '-s', script, url]).catch(
    (error: NodeJS.ErrnoException) => {
      throw new Error(`wrk and taskset are needed (Debian: apt-get install wrk util-linux): ${error.message}`);
    },
  );
  return parseWrk(stdout);
}

/**
 * Parses the output of `wrk --latency`.
 *
 * @throws {Error} if a number is missing
 */
export function parseWrk(output: string): WrkResult {
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1]);
  const [, connect, read, write, timeout] =
    /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)?.map(Number) ?? [];
  const result = {
    requests: number(/(\d+) requests in/),
    perSecond: number(/Requests\/sec:\s+([\d.]+)/),
    p50Ms: milliseconds(/^\s*50%\s+(\S+)/m.exec(output)?.[1]),
    p99Ms: milliseconds(/^\s*99%\s+(\S+)/m.exec(output)?.[1]),
    failed:
      (number(/Non-2xx or 3xx responses: (\d+)/) || 0) + (connect ?? 0) + (read ?? 0) + (write ?? 0) + (timeout ?? 0),
  };
  if (Object.values(result).some(Number.isNaN)) throw new Error(`the output of wrk cannot be parsed:\n${output}`);
  return result;
}

function milliseconds(text = ''): number {
  const [, value, unit = ''] = /^([\d.]+)(us|ms|s|m)$/.exec(text) ?? [];
  return Number(value) / ({ us: 1_000, ms: 1, s: 1 / 1_000, m: 1 / 60_000 }[unit] ?? Number.NaN);
}
