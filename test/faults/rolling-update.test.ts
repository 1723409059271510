import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, realpath, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { post } from '../http/in-process.ts';
import { smallModels } from '../models/small-models.ts';
import { postgresPrograms } from '../support/postgres.ts';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';
import { describeWithPostgres } from '../support/with-postgres.ts';

const PROJECT = join(import.meta.dirname, '../..');
/** The pause between two pairs of a prediction and a feedback: a hundred requests in a second. */
const PAUSE_MS = 20;
const READY_CHECK_MS = 50;

/** The commit before the latest migration, which knows one version of the tables less; undefined without the history. */
const former = findFormer();

function git(...args: string[]): string | undefined {
  const { status, stdout } = spawnSync('git', args, { cwd: PROJECT, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

function findFormer(): string | undefined {
  const changes = git(
    'log',
    '--format=%H',
    '-G',
    '^ *\\{ version: [0-9]+, compatibleWith',
    '--',
    'src/postgres/migrations.ts',
  );
  const [latest] = changes?.split('\n') ?? [];
  // A shallow clone has no parent of its oldest commit.
  return latest ? git('rev-parse', '--verify', '--quiet', `${latest}^`) : undefined;
}

/** Writes the files of the former commit, and returns the arguments of its service. */
async function checkOutFormer(commit: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-former-'));
  const archive = execFileSync('git', ['archive', commit], { cwd: PROJECT, maxBuffer: 1 << 28 });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  await symlink(await realpath(join(PROJECT, 'node_modules')), join(folder, 'node_modules'));
  return ['--import', join(folder, 'otel/preload.ts'), join(folder, 'src/main.ts')];
}

/** The replicas that get requests: as behind a load balancer, those whose last check of `/readyz` was answered with 200. */
function createBalancer() {
  const replicas = new Map<ServiceProcess, NodeJS.Timeout>();
  const check = async (replica: ServiceProcess) => {
    const isReady = await fetch(`${replica.url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (!isReady) replicas.delete(replica);
    else if (replicas.has(replica))
      replicas.set(
        replica,
        setTimeout(() => void check(replica), READY_CHECK_MS),
      );
  };
  let turn = 0;
  return {
    add(replica: ServiceProcess) {
      replicas.set(
        replica,
        setTimeout(() => void check(replica), READY_CHECK_MS),
      );
    },
    next(): ServiceProcess {
      turn += 1;
      return [...replicas.keys()][turn % replicas.size]!;
    },
    close() {
      for (const timer of replicas.values()) clearTimeout(timer);
      replicas.clear();
    },
  };
}

/** Predicts at one replica after the other, and gives feedback to the next one, until it is stopped. */
function startLoad(next: () => ServiceProcess) {
  const ids: string[] = [];
  const errors: unknown[] = [];
  const pending = new Set<Promise<void>>();
  let isOver = false;
  const pair = async (round: number) => {
    const answer = await post(`${next().url}/predict`, { text: `Win a prize ${round}` });
    if (answer.status !== 200) return void errors.push([answer.status, await answer.text()]);
    const { id } = (await answer.json()) as { id: string };
    const feedback = await post(`${next().url}/feedback`, { id, label: 'ham' });
    if (feedback.status === 200) ids.push(id);
    else errors.push([feedback.status, await feedback.text()]);
  };
  const run = async () => {
    for (let round = 0; !isOver; round += 1) {
      const one = pair(round)
        .catch((error: unknown) => void errors.push(error))
        .finally(() => pending.delete(one));
      pending.add(one);
      await delay(PAUSE_MS);
    }
    await Promise.all(pending);
  };
  const running = run();
  return {
    ids,
    errors,
    async stop() {
      isOver = true;
      await running;
    },
  };
}

const hasNoHistory = former === undefined && postgresPrograms !== undefined;

describeWithPostgres('a rolling update', (server) => {
  test.skipIf(hasNoHistory)(
    `fails no request and loses nothing${hasNoHistory ? ' (the history of git is missing)' : ''}`,
    async () => {
      const address = await server().newDatabase('tcp');
      const versionOfTables = async () =>
        (await server().sql(address, 'SELECT max(version) AS version FROM waymark.migrations'))[0]!['version'];
      const start = async (args?: string[]) => {
        const env = {
          DATABASE_URL: address.url,
          MODELS_DIR: await smallModels('1', '2'),
          PREDICTION_ID_KEY: 'a key that all replicas have',
          SHUTDOWN_DELAY_MS: '1000',
        };
        const service = await startProcess(env, args);
        onTestFinished(() => service.kill());
        return service;
      };
      const formerArgs = await checkOutFormer(former!);
      const balancer = createBalancer();
      onTestFinished(balancer.close);
      const old = [await start(formerArgs), await start(formerArgs)];
      for (const service of old) balancer.add(service);
      const before = Number(await versionOfTables());
      const load = startLoad(balancer.next);

      const updated: ServiceProcess[] = [];
      for (const service of old) {
        const replacement = await start();
        updated.push(replacement);
        balancer.add(replacement);
        expect(Number(await versionOfTables())).toBeGreaterThan(before);
        // Both releases answer, and follow the roles that the other one sets.
        const version = updated.length === 1 ? '1' : '2';
        const setter = updated.length === 1 ? service : replacement;
        expect((await post(`${setter.url}/models/spam/activate`, { version })).status).toBe(200);
        await vi.waitFor(async () => {
          const answers = await Promise.all(
            [service, replacement].map(({ url }) => post(`${url}/predict`, { text: 'Win a prize' })),
          );
          const bodies = await Promise.all(answers.map((answer) => answer.json()));
          expect(bodies).toEqual(bodies.map(() => expect.objectContaining({ model: { name: 'spam', version } })));
        }, 10_000);
        expect(await service.stop()).toBe(0);
      }
      // A replica of the former release also starts with the changed tables, as it does after a failed update.
      const returned = await start(formerArgs);
      balancer.add(returned);
      await delay(1_000);
      await load.stop();

      expect(load.errors).toEqual([]);
      const rows = await server().sql(address, 'SELECT id FROM waymark.feedback');
      expect(rows.map(({ id }) => id).toSorted()).toEqual(load.ids.toSorted());
      const [{ count } = {}] = await server().sql(address, 'SELECT sum(count) AS count FROM waymark.feedback_counts');
      expect(Number(count)).toBe(load.ids.length);
      const degraded = await Promise.all(
        [...updated, returned].map(async ({ url }) => (await (await fetch(`${url}/readyz`)).json()) as object),
      );
      expect(degraded).toEqual(degraded.map(() => ({ status: 'ready' })));
    },
    120_000,
  );
});
