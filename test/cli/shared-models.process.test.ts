import { cp, mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { readVersionFiles } from '../../src/models/sources/version-files.ts';
import type { DatabaseAddress } from '../../src/postgres/address.ts';
import { smallMails } from '../classifier/small-mails.ts';
import { post } from '../http/in-process.ts';
import { hasEnded, startRetraining, waitForJob } from '../maintenance/retraining/retrain-service.ts';
import { fixture } from '../signing/signed-folder.ts';
import { startProcess } from '../support/service-process.ts';
import { describeWithPostgres } from '../support/with-postgres.ts';
import { runCli } from './run-cli.ts';

interface ShownModel {
  active: string;
  shadow: string | null;
  versions: { version: string }[];
}

const newFolder = () => mkdtemp(join(tmpdir(), 'waymark-shared-models-'));

async function writeExamples(): Promise<string> {
  const file = join(await newFolder(), 'train.jsonl');
  await writeFile(
    file,
    smallMails(30)
      .map((example) => `${JSON.stringify(example)}\n`)
      .join(''),
  );
  return file;
}

/** Makes the commands of a test use the versions of a database. */
function useDatabase({ url }: DatabaseAddress): void {
  vi.stubEnv('MODELS_STORE', 'database');
  vi.stubEnv('DATABASE_URL', url);
}

async function startReplica(address: DatabaseAddress, models: string) {
  const service = await startProcess({
    MODELS_STORE: 'database',
    DATABASE_URL: address.url,
    MODELS_DIR: models,
    DEFAULT_MODEL: 'mail',
    PREDICTION_ID_KEY: 'a key that all replicas have',
  });
  onTestFinished(() => service.kill());
  const show = async () => (await (await fetch(`${service.url}/models/mail`)).json()) as ShownModel;
  return { service, models, show };
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describeWithPostgres('commands with versions in a database', (server) => {
  test('train, sign and delete for all replicas', async () => {
    const address = await server().newDatabase();
    useDatabase(address);
    const [data, desk, other] = [await writeExamples(), await newFolder(), await newFolder()];
    const train = (folder: string, ...args: string[]) =>
      runCli('train', ['--models', folder, '--data', data, '--model', 'mail', '--json', ...args]);
    expect(await train(desk)).toMatchObject({ code: 0 });
    const replica = await startReplica(address, await newFolder());
    expect(await replica.show()).toMatchObject({ active: '1' });

    // A machine without a copy of the model takes the next number, and leaves the active version as it is.
    const second = await train(other);
    expect(JSON.parse(second.stdout)).toMatchObject({ version: '2', active: '1' });
    await vi.waitFor(async () => expect((await replica.show()).versions.length).toBe(2), 10_000);
    expect(await replica.show()).toMatchObject({ active: '1' });
    const third = await train(desk, '--activate');
    expect(JSON.parse(third.stdout)).toMatchObject({ version: '3', active: '3' });
    await vi.waitFor(async () => expect((await replica.show()).active).toBe('3'), 10_000);
    expect((await train(other, '--version', '3')).stderr).toMatch(/exists already/);

    const signed = await runCli('sign', [
      '--models',
      other,
      '--model',
      'mail@2',
      '--private-key',
      fixture('key-private.pem'),
    ]);
    expect(signed).toMatchObject({ code: 0 });
    const { digest } = await readVersionFiles(join(other, 'mail/2'));
    await vi.waitFor(async () => {
      expect(await readdir(join(replica.models, 'mail/2'))).toContain('model.sig');
      expect((await readVersionFiles(join(replica.models, 'mail/2'))).digest).toBe(digest);
    }, 10_000);

    expect(await runCli('storage', ['delete', '--model', 'mail@2'])).toMatchObject({
      code: 0,
      stdout: 'Deleted mail@2\n',
    });
    expect(await runCli('storage', ['delete', '--model', 'mail@2'])).toMatchObject({ code: 64 });
    await vi.waitFor(async () => {
      expect((await replica.show()).versions.map(({ version }) => version)).toEqual(['3', '1']);
    }, 10_000);
    expect((await train(other, '--version', '2')).stderr).toMatch(/has, or had, a version of this name/);
  }, 90_000);

  test('write nothing while the database is away', async () => {
    useDatabase(await server().newDatabase());
    const folder = await newFolder();
    await server().stop('SIGQUIT');
    const trained = await runCli('train', ['--models', folder, '--data', await writeExamples(), '--model', 'mail']);
    expect(trained).toMatchObject({ code: 1, stderr: expect.stringMatching(/PostgreSQL at .* cannot be used/) });
    expect(await readdir(folder)).toEqual([]);
    await server().start();
  }, 60_000);

  test('a retraining at one replica is a shadow at all of them', async () => {
    const address = await server().newDatabase();
    useDatabase(address);
    const [data, models, second] = [await writeExamples(), await newFolder(), await newFolder()];
    const folder = join(models, 'mail');
    await runCli('train', [
      '--models',
      models,
      '--data',
      data,
      '--model',
      'mail',
      '--algorithm',
      'logistic-regression',
    ]);
    await writeFile(join(folder, 'policy.json'), JSON.stringify({ data, retrain: { niceness: 0 } }));
    await mkdir(join(second, 'mail'));
    await cp(join(folder, 'policy.json'), join(second, 'mail/policy.json'));
    const replicas = [await startReplica(address, models), await startReplica(address, second)];
    const job = await startRetraining(replicas[0]!.service);
    const ended = await waitForJob(replicas[0]!.service, job, hasEnded);
    expect(ended).toMatchObject({ state: 'succeeded', version: '2' });
    await vi.waitFor(async () => {
      const shown = await Promise.all(replicas.map(({ show }) => show()));
      expect(shown).toEqual([expect.objectContaining({ shadow: '2' }), expect.objectContaining({ shadow: '2' })]);
    }, 10_000);
    const answer = await post(`${replicas[1]!.service.url}/predict`, { text: 'Win', model: 'mail@2' });
    expect(answer.status).toBe(200);
  }, 90_000);
});
