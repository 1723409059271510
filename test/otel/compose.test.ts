import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { openTokenStore } from '../../src/http/access/token-store.ts';
import { SCOPES } from '../../src/http/server/caller.ts';
import { makeTokens } from '../../tools/compose/make-tokens.ts';
import { startArguments } from '../../tools/stack/start-command.ts';
import { silentLog } from '../support/silent-log.ts';

const PROJECT = join(import.meta.dirname, '../..');

const serviceSchema = z.object({
  image: z.string(),
  build: z.unknown().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
});

const written: unknown = parse(text('docker-compose.yml'), { merge: true });
const compose = z.object({ services: z.record(z.string(), serviceSchema) }).parse(written);
const services = Object.entries(compose.services);
const builtImages = new Set(services.filter(([, { build }]) => build).map(([, { image }]) => image));

describe('docker-compose.yml', () => {
  test('follows the published schema of the Compose Specification', () => {
    // Formats are names in the schema for checks that Compose does itself.
    const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    const valid = ajv.validate(JSON.parse(text('test/fixtures/compose-spec/compose-spec.json')), written);
    expect(ajv.errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  test.each(services)('%s pins its image to a version, unless it is built here', (_name, { image }) => {
    if (!builtImages.has(image)) expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
  });

  // The tests of containers publish other ports.
  test.each(services)('%s is published only on this machine', (_name, { ports }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  test('runs the service and the gateway with the commands of npm', () => {
    const [, command = ''] = /\nCMD (.+)\n/.exec(text('Dockerfile'))!;
    expect(JSON.parse(command)).toEqual(['node', ...startArguments('start')]);
    expect(compose.services['mail-gateway']?.command).toEqual(['node', ...startArguments('gateway')]);
  });

  // The tests of containers may have a stand-in of Grafana, which does not read its data sources.
  test('has the services that the data sources of Grafana name', () => {
    const dataSources = text('otel/grafana/provisioning/datasources/datasources.yml');
    const hosts = [...dataSources.matchAll(/^ *url: http:\/\/([a-z-]+):\d+$/gm)].map(([, host]) => host);
    expect(hosts.length).toBeGreaterThanOrEqual(2);
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(hosts));
  });
});

describe('what a container may do', () => {
  const limits = z.object({
    services: z.record(
      z.string(),
      z.object({
        read_only: z.literal(true),
        cap_drop: z.tuple([z.literal('ALL')]),
        security_opt: z.tuple([z.literal('no-new-privileges:true')]),
        pids_limit: z.int().positive().max(1_000),
        deploy: z.object({ resources: z.object({ limits: z.object({ cpus: z.string(), memory: z.string() }) }) }),
        privileged: z.undefined().optional(),
        network_mode: z.undefined().optional(),
        pid: z.undefined().optional(),
        volumes: z.array(z.string().refine((volume) => !volume.includes('docker.sock'))).optional(),
      }),
    ),
  });

  test('is limited for each of them: no capabilities, no root file system to write, processes, memory and CPU', () => {
    expect(limits.safeParse(written).error?.issues ?? []).toEqual([]);
  });

  test('does not include changes of Grafana for visitors without a password', () => {
    const { environment } = compose.services['grafana']!;
    expect(environment['GF_AUTH_ANONYMOUS_ORG_ROLE']).toMatch(/^\$\{GRAFANA_ROLE:-Viewer\}$/);
    expect(environment['GF_AUTH_DISABLE_LOGIN_FORM']).toBe('true');
  });
});

describe('docker-compose.logs.yml', () => {
  const logs: unknown = parse(text('docker-compose.logs.yml'));

  test('follows the schema, and changes Grafana only', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    ajv.validate(JSON.parse(text('test/fixtures/compose-spec/compose-spec.json')), logs);
    expect(ajv.errors ?? []).toEqual([]);
    expect(logs).toMatchObject({ services: { grafana: {} } });
  });

  test('has the data sources of docker-compose.yml, and VictoriaLogs with links from traces and back', () => {
    const ordinary = dataSourcesOf('otel/grafana/provisioning/datasources/datasources.yml');
    const all = dataSourcesOf('otel/grafana/provisioning-logs/datasources/datasources.yml');
    expect(all).toMatchObject([...ordinary, { uid: 'victorialogs', url: 'http://victoria-logs:9428' }]);
    expect(all).toMatchObject([
      {},
      { uid: 'jaeger', jsonData: { tracesToLogsV2: { datasourceUid: 'victorialogs' } } },
      { jsonData: { derivedFields: [{ matcherRegex: 'trace_id', datasourceUid: 'jaeger' }] } },
    ]);
  });
});

describe('docker-compose.tokens.yml', () => {
  const tokens: unknown = parse(text('docker-compose.tokens.yml'));
  const schema = z.object({
    services: z.record(
      z.string(),
      z.object({ environment: z.record(z.string(), z.string()).default({}), secrets: z.array(z.string()) }),
    ),
    secrets: z.record(z.string(), z.object({ file: z.string() })),
  });

  test('follows the schema, and its secrets are files, never values', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    ajv.validate(JSON.parse(text('test/fixtures/compose-spec/compose-spec.json')), tokens);
    expect(ajv.errors ?? []).toEqual([]);
    const { services: changed, secrets } = schema.parse(tokens);
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(Object.keys(changed)));
    for (const { environment, secrets: used } of Object.values(changed)) {
      for (const value of Object.values(environment))
        expect(used.map((name) => `/run/secrets/${name}`)).toContain(value);
      expect(Object.keys(secrets)).toEqual(expect.arrayContaining(used));
    }
  });

  test('gets a token for each caller by `npm run tokens`, and the service takes them', async () => {
    const folder = join(await mkdtemp(join(tmpdir(), 'waymark-secrets-')), 'secrets');
    await makeTokens(PROJECT, folder);
    expect((await readdir(folder)).sort()).toEqual(
      ['alertmanager-token', 'alertmanager.yml', 'gateway-token', 'operator-token', 'tokens.json'].sort(),
    );
    const written = schema.parse(tokens);
    for (const { file } of Object.values(written.secrets)) expect(existsSync(join(folder, '..', file))).toBe(true);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const store = await openTokenStore(
      { API_TOKENS: undefined, API_TOKENS_FILE: join(folder, 'tokens.json') },
      silentLog,
    );
    const scopes = async (file: string) => [...(store!.find(await readFile(join(folder, file), 'utf8'))?.scopes ?? [])];
    expect(await scopes('gateway-token')).toEqual(['predict', 'feedback']);
    expect(await scopes('alertmanager-token')).toEqual(['manage']);
    expect(await scopes('operator-token')).toEqual([...SCOPES]);
    store!.close();
    const configuration = parse(await readFile(join(folder, 'alertmanager.yml'), 'utf8')) as unknown;
    expect(configuration).toMatchObject({
      receivers: [
        {
          webhook_configs: [
            { http_config: { authorization: { credentials_file: '/run/secrets/alertmanager-token' } } },
          ],
        },
        { name: 'webhook' },
      ],
    });
    // Existing secrets are never replaced.
    await expect(makeTokens(PROJECT, folder)).rejects.toMatchObject({ code: 'EEXIST' });
  });
});

describe.each([
  ['collector', ['otel/collector/collector.yaml', 'otel/collector/tail-sampling.yaml']],
  ['jaeger', ['otel/jaeger/jaeger.yaml']],
] as const)('the environment of %s', (name, files) => {
  test('sets no unused variable', () => {
    const configuration = files.map(text).join('\n');
    const read = [...configuration.matchAll(/\$\{env:(\w+)/g)].map(([, variable]) => variable);
    expect([...read, 'GOMEMLIMIT']).toEqual(
      expect.arrayContaining(Object.keys(compose.services[name]?.environment ?? {})),
    );
  });
});

function dataSourcesOf(path: string): object[] {
  return z.object({ datasources: z.array(z.looseObject({})) }).parse(parse(text(path))).datasources;
}

function text(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8');
}
