import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { access, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { installHelm } from '../../tools/deploy/install.ts';
import { render } from '../../tools/deploy/render.ts';
import { type PostgresServer, postgresPrograms, startPostgres } from '../support/postgres.ts';
import { manifestsOf } from './support/profiles.ts';

const PROJECT = join(import.meta.dirname, '../..');

const containerSchema = z.object({ name: z.string(), command: z.array(z.string()), args: z.array(z.string()) });
const jobSchema = z.object({
  kind: z.literal('Job'),
  spec: z.object({
    template: z.object({
      spec: z.object({ initContainers: z.array(containerSchema), containers: z.array(containerSchema) }),
    }),
  }),
});

const VALUES = {
  'database.url': 'postgres://waymark@db/waymark',
  'models.existingClaim': 'models',
  'secrets.signingKey.name': 'signing',
  'retraining.enabled': 'true',
  'retraining.model': 'mails',
  'retraining.dataClaim': 'data',
};

const isMissing = inject('missingForCheckers') !== '' || postgresPrograms === undefined;

describe.skipIf(isMissing)('the Job of a training', () => {
  let postgres: PostgresServer;
  let url: string;
  let helm: string;

  beforeAll(async () => {
    helm = await installHelm(process.stdout, new AbortController().signal);
    postgres = await startPostgres();
    ({ url } = await postgres.newDatabase());
  });

  afterAll(() => postgres.remove());

  test('trains a version from the data and the feedback, and signs it', { timeout: 120_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'waymark-retraining-'));
    const rows = Array.from({ length: 60 }, (_, i) =>
      i % 2 === 0
        ? { text: `a free prize number ${i}`, label: 'spam' }
        : { text: `see you at lunch ${i}`, label: 'ham' },
    );
    await writeFile(join(folder, 'train.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'));
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await writeFile(join(folder, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const places = {
      '/training-data': folder,
      '/app/models': join(folder, 'models'),
      '/run/secrets/signingKey': folder,
    };

    const set = Object.entries(VALUES).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
    const manifests = manifestsOf(await render(helm, ...set));
    const job = manifests.map((one) => jobSchema.safeParse(one)).find(({ success }) => success)?.data;
    const pod = job!.spec.template.spec;
    for (const { command, args } of [...pod.initContainers, ...pod.containers]) {
      const moved = args.map((arg) => Object.entries(places).reduce((text, [from, to]) => text.replace(from, to), arg));
      await promisify(execFile)(process.execPath, [...command.slice(1), ...moved], {
        cwd: PROJECT,
        env: { PATH: process.env['PATH'], DATABASE_URL: url },
      });
    }
    await expect(access(join(folder, 'models/mails/1/manifest.json'))).resolves.toBeUndefined();
    await expect(access(join(folder, 'models/mails/1/model.sig'))).resolves.toBeUndefined();
  });
});
