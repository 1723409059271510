import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../../tools/cache-folder.ts';

const run = promisify(execFile);

/** The version of `prometheus_client`, which has the reference parser of OpenMetrics. */
const VERSION = '0.26.0';
const FOLDER = cacheFolder(`prometheus-client-${VERSION}`);
const PYTHON = join(FOLDER, 'bin/python');

const PARSE = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(sys.stdin.read()))
print(json.dumps([
  {"name": f.name, "type": f.type, "unit": f.unit, "exemplars": [
    {"sample": s.name, "labels": s.exemplar.labels, "value": s.exemplar.value} for s in f.samples if s.exemplar
  ]} for f in families
]))
`;

/** A metric family as parsed by the reference parser. */
export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  readonly exemplars: readonly { sample: string; labels: Record<string, string>; value: number }[];
}

/**
 * Parses a page with `prometheus_client`, which is installed into the cache on first use.
 *
 * @throws {Error} with the message of the parser if the page is not valid
 */
export async function parseOpenMetrics(page: string): Promise<ParsedFamily[]> {
  await access(PYTHON).catch(async () => {
    await run('python3', ['-m', 'venv', FOLDER]);
    await run(PYTHON, ['-m', 'pip', 'install', '--quiet', `prometheus-client==${VERSION}`]);
  });
  const parsing = run(PYTHON, ['-c', PARSE]);
  parsing.child.stdin!.end(page);
  return JSON.parse((await parsing).stdout) as ParsedFamily[];
}
