import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import { eventually } from '../../tools/stack/check/queries.ts';
import { smallMails } from '../classifier/small-mails.ts';
import { type ComposeProject, createProject } from './support/project.ts';

const PAGE = await readFile(join(import.meta.dirname, '../../docs/containers.md'), 'utf8');
const [, SECTION = ''] = /\n## Your own data\n(.*?)\n## /s.exec(PAGE) ?? [];

/** The content of the code blocks in the section "Your own data", of one language. */
const blocks = (language: string) =>
  [...SECTION.matchAll(/```(\w+)\n(.*?)```/gs)]
    .filter(([, found]) => found === language)
    .map(([, , code = '']) => code);

const command = (word: string) => blocks('sh').find((code) => code.includes(word)) ?? `echo there is no ${word}; false`;

describe.skipIf(inject('missingForContainers'))('the commands of docs/containers.md for your own data', () => {
  let mails: string;
  let project: ComposeProject;

  beforeAll(async () => {
    mails = await mkdtemp(join(tmpdir(), 'waymark-mails-'));
    await chmod(mails, 0o755);
    const write = (name: string, count: number) =>
      writeFile(
        join(mails, name),
        smallMails(count)
          .map((mail) => `${JSON.stringify(mail)}\n`)
          .join(''),
      );
    await write('train.jsonl', 60);
    await write('test.jsonl', 10);
    const [override = ''] = blocks('yaml');
    const { services } = parse(override.replace('./mails', mails)) as { services: Record<string, object> };
    // Without the Collector: these commands need the service alone.
    const waymark = { ...services['waymark'], environment: { OTEL_EXPORTER_OTLP_ENDPOINT: '' } };
    project = await createProject('waymark-commands', { waymark });
  });

  afterAll(async () => {
    await project?.remove();
    await rm(mails, { recursive: true });
  });

  /** Runs commands as they are written, except for the port of the service. */
  async function run(commands: string): Promise<string> {
    const PATH = `${dirname(inject('dockerCommand'))}${delimiter}${process.env['PATH']}`;
    const options = { env: { ...process.env, ...project.env, PATH }, maxBuffer: 1 << 28 };
    const written = commands.replaceAll('localhost:3000', project.address('waymark', 3000));
    return (await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', written], options)).stdout;
  }

  test('are five', () => {
    expect(blocks('sh')).toHaveLength(5);
  });

  test('train a version', async () => {
    expect(await run(command('train.ts'))).toContain('models/mails/1');
  });

  test('predict with the version', async () => {
    const prediction = JSON.parse((await run(command('/predict'))).trim().split('\n').at(-1) ?? '');
    expect(prediction).toMatchObject({ prediction: 'spam', model: { name: 'mails', version: '1' } });
  });

  test('evaluate the version', async () => {
    const { count, accuracy } = JSON.parse(await run(command('evaluate.ts'))) as { count: number; accuracy: number };
    expect(count).toBe(20);
    expect(accuracy).toBeGreaterThan(0.9);
  });

  test('retrain the model, and show that the new version is its shadow', async () => {
    expect(JSON.parse(await run(command('/retrain')))).toMatchObject({ job: { model: 'mails', state: 'running' } });
    await eventually(async () => {
      const model = JSON.parse(await run(command('curl --fail localhost:3000/models/mails\n'))) as object;
      expect(model).toMatchObject({ retrain: { state: 'succeeded', version: '2' }, active: '1', shadow: '2' });
    }, 120_000);
  });
});
