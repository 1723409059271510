import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What `wrk` saw. */
export interface WrkResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than 2xx or 3xx, and requests without an answer. */
  readonly failed: number;
}

/** Writes the script with which `wrk` posts these bodies one after the other, and returns its path. */
export async function writeWrkScript(
  folder: string,
  name: string,
  path: string,
  bodies: readonly unknown[],
): Promise<string> {
  const lines = join(folder, `${name}.jsonl`);
  const script = join(folder, `${name}.lua`);
  await writeFile(lines, bodies.map((body) => `${JSON.stringify(body)}\n`).join(''));
  await writeFile(
    script,
    `local requests, i = {}, 0
function init()
  for body in io.lines(${JSON.stringify(lines)}) do
    -- "Host" as wrk spells it: in another case it would be sent twice, which gunicorn answers with 400.
    requests[#requests + 1] = wrk.format("POST", ${JSON.stringify(path)}, {["Content-Type"] = "application/json", ["Host"] = "127.0.0.1"}, body)
  end
end
function request() i = i % #requests + 1; return requests[i] end
`,
  );
  return script;
}

/** Runs `wrk` from one thread, with 16 connections and on the second core where not told otherwise. */
export async function wrk(
  script: string,
  url: string,
  seconds: number,
  { cores = '1', connections = 16 }: { cores?: string | undefined; connections?: number } = {},
): Promise<WrkResult> {
  // A slow answer is an answer: after its usual 2 s wrk would count it among the errors, and not among the slow ones.
  const patient = ['--latency', '--timeout', '30s'];
  const pinned = ['-c', cores, 'wrk', '-t1', `-c${connections}`, `-d${seconds}s`, ...patient, '-s', script, url];
  const { stdout } = await run('taskset', pinned).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`wrk and taskset are needed (Debian: apt-get install wrk util-linux): ${error.message}`);
  });
  return parseWrk(stdout);
}

/**
 * Reads what `wrk --latency` prints.
 *
 * @throws {Error} where it answers nothing that can be read
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
  if (Object.values(result).some(Number.isNaN)) throw new Error(`wrk printed what cannot be read:\n${output}`);
  return result;
}

function milliseconds(text = ''): number {
  const [, value, unit = ''] = /^([\d.]+)(us|ms|s|m)$/.exec(text) ?? [];
  return Number(value) / ({ us: 1_000, ms: 1, s: 1 / 1_000, m: 1 / 60_000 }[unit] ?? Number.NaN);
}
