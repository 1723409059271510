import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { findActive } from '../../src/cli/model-versions.ts';
import { openRegistry } from '../../src/models/registry.ts';
import { smallMails } from '../classifier/small-mails.ts';
import { smallModels } from '../models/small-models.ts';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';
import { silentLog } from '../support/silent-log.ts';
import { runCli } from './run-cli.ts';

let folder: string;
let data: string;
/** A file whose texts have the wrong labels. */
let swapped: string;

const toLines = (examples: readonly object[]) => examples.map((example) => `${JSON.stringify(example)}\n`).join('');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-deployment-'));
  [data, swapped] = [join(folder, 'train.jsonl'), join(folder, 'swapped.jsonl')];
  await writeFile(data, toLines(smallMails(30)));
  const other = { ham: 'spam', spam: 'ham', news: 'news' };
  await writeFile(swapped, toLines(smallMails(30).map(({ text, label }) => ({ text, label: other[label] }))));
});
afterAll(() => rm(folder, { recursive: true }));

describe('training while the service runs', () => {
  let models: string;
  let service: ServiceProcess;

  const train = (...args: string[]) => runCli('train', ['--models', models, '--model', 'mail', ...args]);

  interface ShownModel {
    active: string;
    shadow: string | null;
    versions: { version: string }[];
  }

  const show = async () => (await (await fetch(`${service.url}/models/mail`)).json()) as ShownModel;

  const waitForVersion = (version: string) =>
    vi.waitFor(
      async () => {
        const { versions } = await show();
        expect(versions.map((row) => row.version)).toContain(version);
      },
      { timeout: 10_000, interval: 100 },
    );

  const predict = async () => {
    const response = await fetch(`${service.url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: smallMails(1)[0]!.text, model: 'mail' }),
    });
    return (await response.json()) as { prediction: string; model: { version: string } };
  };

  const post = (command: string) => {
    const [, url, body] = /^curl (\S+) .* -d '(.*)'$/.exec(command)!;
    return fetch(url!.replace('http://localhost:3000', service.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: body!,
    });
  };

  beforeAll(async () => {
    models = join(folder, 'models');
    const first = await train('--data', data);
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('Version 1 of mail is active') });
    service = await startProcess({ MODELS_DIR: models, DEFAULT_MODEL: 'mail' });
    return () => service.stop();
  }, 60_000);

  test('a second version waits: its answers are compared, and the next steps are commands that work', async () => {
    const { code, stdout } = await train('--data', swapped, '--test', data);
    expect(code).toBe(0);
    expect(stdout).toContain('Compared with the active version 1 on the same 60 held-out texts:');
    expect(stdout).toMatch(/only version 1 right +60\n {2}only version 2 right +0/);
    expect(stdout).toMatch(/Accuracy: −100\.0 points \(95 % interval: −\d+\.\d to −\d+\.\d\)/);
    expect(stdout).toContain('Version 2 is worse than version 1 on texts like these.');
    expect(stdout).toContain('Version 2 of mail waits for a role: version 1 stays active.');
    await waitForVersion('2');
    expect(await predict()).toMatchObject({ prediction: 'ham', model: { version: '1' } });

    const commands = new Map(
      [...stdout.matchAll(/^ {2}(try|shadow|canary|activate) +(.*)$/gm)].map(([, step = '', command = '']) => [
        step,
        command,
      ]),
    );
    const [, reference, textOfModels] = /--model (\S+) --models (\S+) "a text"/.exec(commands.get('try')!)!;
    expect(await runCli('classify', ['--model', reference!, '--models', textOfModels!, 'a text'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('mail@2'),
    });
    expect((await post(commands.get('shadow')!)).status).toBe(200);
    expect(await show()).toMatchObject({ active: '1', shadow: '2' });
    expect((await post(commands.get('canary')!)).status).toBe(200);
    expect((await post(commands.get('activate')!)).status).toBe(200);
    expect(await predict()).toMatchObject({ prediction: 'spam', model: { version: '2' } });
  });

  test('a third version waits for the roles that a person has set', async () => {
    const { stdout } = await runCli('waymark', [
      'train',
      '--models',
      models,
      '--model',
      'mail',
      '--data',
      data,
      '--json',
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      version: '3',
      active: '2',
      comparison: { version: '2', method: 'cross-validation', count: 60 },
      data: {
        summary: {
          labels: [
            { label: 'ham', count: 30 },
            { label: 'spam', count: 30 },
          ],
        },
      },
      nextSteps: [
        { step: 'try', command: `waymark classify --model mail@3 --models ${models} "a text"` },
        { step: 'shadow', command: 'waymark models shadow mail@3' },
        { step: 'canary', command: 'waymark models canary mail@3 --share 0.1' },
        { step: 'activate', command: 'waymark models activate mail@3' },
      ],
    });
    await waitForVersion('3');
    expect(await predict()).toMatchObject({ model: { version: '2' } });
  });

  test('--activate makes it active at once, with a row in the audit trail, and a rollback goes back', async () => {
    const { code, stdout } = await train('--data', data, '--activate');
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('Version 4 of mail is active') });
    await vi.waitFor(async () => expect(await predict()).toMatchObject({ model: { version: '4' } }), {
      timeout: 10_000,
      interval: 100,
    });
    const changes = (await (await fetch(`${service.url}/models/mail/changes`)).json()) as { changes: object[] };
    expect(changes.changes[0]).toMatchObject({ actor: 'train', action: 'activate', from: '2', to: '4' });
    await post(`curl http://localhost:3000/models/mail/rollback -H x -d '{}'`);
    expect(await show()).toMatchObject({ active: '2' });
  });
});

test('without a comparison file, a result in favour of the active version proves nothing', async () => {
  const models = join(folder, 'favour');
  await runCli('train', ['--models', models, '--model', 'mail', '--data', data]);
  const { stdout } = await runCli('train', ['--models', models, '--model', 'mail', '--data', swapped]);
  // The active version has learned the same texts with the other labels.
  expect(stdout).toMatch(/on the same 60 training texts.*\n/);
  expect(stdout).toContain('Version 2 is better than version 1');
  const again = await runCli('train', ['--models', models, '--model', 'mail', '--data', data]);
  expect(again.stdout).toContain('Version 1 may have learned these texts');
}, 60_000);

describe('a folder of several versions without roles', () => {
  test('keeps its newest version active when another one is trained', async () => {
    const models = await smallModels('1', '2');
    onTestFinished(() => rm(models, { recursive: true }));
    const { stdout } = await runCli('train', ['--models', models, '--model', 'spam', '--data', data]);
    expect(stdout).toContain('Version 3 of spam waits for a role: version 2 stays active.');
    expect(JSON.parse(await readFile(join(models, 'spam/roles.json'), 'utf8'))).toMatchObject({
      active: '2',
      previous: ['1'],
    });
  });

  test('has the active version that a service would serve', async () => {
    const damaged = async (models: string, version: string) =>
      writeFile(join(models, 'spam', version, 'weights.bin'), 'no weights');
    const roles = (models: string, text: string) => writeFile(join(models, 'spam/roles.json'), text);
    const cases: [string, (models: string) => Promise<unknown>][] = [
      ['no roles', async () => {}],
      ['no roles, and the newest is damaged', (models) => damaged(models, '3')],
      ['roles', (models) => roles(models, '{"format":1,"active":"1"}')],
      [
        'roles of a damaged version',
        async (models) => {
          await damaged(models, '2');
          await roles(models, '{"format":1,"active":"2","previous":["1"]}');
        },
      ],
      ['damaged roles', (models) => roles(models, '{')],
      [
        'damaged roles, and an audit trail',
        async (models) => {
          await roles(models, '{');
          const row = { revision: 1, at: 1, actor: 'a', action: 'activate', reason: '', from: '3', to: '1' };
          await writeFile(join(models, 'spam/audit.jsonl'), `${JSON.stringify(row)}\n`);
        },
      ],
    ];
    const intact = await smallModels('1', '2', '3');
    onTestFinished(() => rm(intact, { recursive: true }));
    for (const [name, prepare] of cases) {
      const models = await mkdtemp(join(folder, 'case-'));
      await cp(intact, models, { recursive: true });
      await prepare(models);
      const active = await findActive(models, 'spam');
      const registry = await openRegistry({ folder: models, log: silentLog });
      expect([name, active?.version]).toEqual([name, registry.models().get('spam')?.active.version]);
      await registry.close();
    }
    expect(await findActive(intact, 'nothing')).toBeUndefined();
  });
});
