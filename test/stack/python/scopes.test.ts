import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { scopeOfRoute } from '../../../src/http/access/route-scopes.ts';
import { SCOPES } from '../../../src/http/server/caller.ts';
import { storedToken, writeTokens } from '../../http/access/token-files.ts';
import { type ServiceProcess, startProcess } from '../../support/service-process.ts';
import { pythonPrograms } from './environment.ts';

const run = promisify(execFile);
const programs = await pythonPrograms();

/**
 * The number of examples of each operation, and the seed of their draw. 550 make 20,000 of each token, in one run or in
 * several with different seeds.
 */
const { SCHEMATHESIS_EXAMPLES: EXAMPLES = '5', SCHEMATHESIS_SEED: SEED = '1' } = process.env;

const TOKENS = [...SCOPES, 'none'];

const harSchema = z.object({
  log: z.object({
    entries: z.array(
      z.object({
        request: z.object({ method: z.string(), url: z.string() }),
        response: z.object({ status: z.number() }),
      }),
    ),
  }),
});
const documentSchema = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

describe.skipIf(programs === undefined)('schemathesis with the token of one scope', () => {
  let service: ServiceProcess;
  let folder: string;

  beforeAll(async () => {
    const tokens = SCOPES.map((scope) => storedToken(scope, [scope]));
    const API_TOKENS_FILE = await writeTokens(...tokens, storedToken('none', []));
    service = await startProcess({ LOG_LEVEL: 'info', API_TOKENS_FILE });
    folder = await mkdtemp(join(tmpdir(), 'waymark-schemathesis-'));
  });

  afterAll(async () => {
    await service.stop();
    await rm(folder, { recursive: true });
  });

  test.each(TOKENS)(
    '%s finds no server error, and no success beyond the scope',
    { timeout: 3_600_000 },
    async (name) => {
      const document = `${service.url}/openapi.json`;
      const report = join(folder, `${name}.har`);
      const args = [
        ...[
          '--config-file',
          join(import.meta.dirname, 'schemathesis.toml'),
          'run',
          document,
          '--seed',
          SEED,
          '--no-color',
        ],
        ...['--max-examples', EXAMPLES, '--header', `Authorization: Bearer ${name}-token`],
        ...['--report', 'har', '--report-har-path', report],
      ];
      await run(join(programs!, 'schemathesis'), args, { cwd: folder, maxBuffer: 64 * 1024 ** 2 }).catch(
        (failed: { stdout: string }) => {
          throw new Error(failed.stdout);
        },
      );
      const { paths } = documentSchema.parse(await (await fetch(document)).json());
      const routes = Object.keys(paths).map((path) => ({
        pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}/?$`, 'i'),
        route: path.replace(/\{(\w+)\}/g, ':$1'),
      }));
      const { entries } = harSchema.parse(JSON.parse(await readFile(report, 'utf8'))).log;
      const beyond = entries.flatMap(({ request: { method, url }, response: { status } }) => {
        const { pathname } = new URL(url);
        // A fixed path comes before one with a parameter.
        const [found] = routes
          .filter(({ pattern }) => pattern.test(pathname))
          .sort((a, b) => b.route.length - a.route.length);
        const scope = found && scopeOfRoute(method, found.route);
        const isAllowed = scope === 'public' || scope === name;
        return status >= 500 || (status < 300 && !isAllowed) ? [{ method, pathname, status, scope }] : [];
      });
      expect(entries.length).toBeGreaterThan(routes.length);
      expect(beyond).toEqual([]);
      expect(service.lines.filter(({ level }) => level === 'error')).toEqual([]);
      process.stdout.write(`${name}: ${entries.length} requests\n`);
    },
  );
});
