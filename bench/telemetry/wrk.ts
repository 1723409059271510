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
}

/** Writes the script with which `wrk` posts these texts one after the other, and returns its path. */
export async function writeWrkScript(folder: string, texts: readonly string[]): Promise<string> {
  const bodies = join(folder, 'bodies.jsonl');
  const script = join(folder, 'predict.lua');
  await writeFile(bodies, texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
  await writeFile(
    script,
    `local requests, i = {}, 0
function init()
  for body in io.lines(${JSON.stringify(bodies)}) do
    requests[#requests + 1] = wrk.format("POST", "/predict", {["content-type"] = "application/json", ["host"] = "127.0.0.1"}, body)
  end
end
function request() i = i % #requests + 1; return requests[i] end
`,
  );
  return script;
}

/** Runs `wrk` with 16 connections from one thread, on the second core. */
export async function wrk(script: string, url: string, seconds: number): Promise<WrkResult> {
  const pinned = ['-c', '1', 'wrk', '-t1', '-c16', `-d${seconds}s`, '--latency', '-s', script, url];
  const { stdout } = await run('taskset', pinned).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`wrk and taskset are needed (Debian: apt-get install wrk util-linux): ${error.message}`);
  });
  const number = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`Not every request was answered:\n${stdout}`);
  return {
    requests: number(/(\d+) requests in/),
    perSecond: number(/Requests\/sec:\s+([\d.]+)/),
    p50Ms: milliseconds(/50%\s+(\S+)/.exec(stdout)?.[1]),
    p99Ms: milliseconds(/99%\s+(\S+)/.exec(stdout)?.[1]),
  };
}

function milliseconds(text = ''): number {
  const [, value, unit] = /^([\d.]+)(us|ms|s)$/.exec(text) ?? [];
  return Number(value) * (unit === 'us' ? 0.001 : unit === 's' ? 1_000 : 1);
}
