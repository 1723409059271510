import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPolicy } from '../../../src/models/policy-file.ts';
import { prepareFolders } from '../../maintenance/retraining/retrain-service.ts';
import { post, serve } from '../in-process.ts';

const problemOf = async (response: Response) => (await response.json()) as { type: string; detail: string };

test('without declared data the problem says how to declare them', async () => {
  const { env, models } = await prepareFolders(30);
  const policy = join(models, 'mail', 'policy.json');
  const { url } = await serve(env);
  for (const [content, detail] of [
    ['{}', /not declared: policy.json .*\{"data": PATH\}.*npm run train -- --data FILE --model mail/],
    ['{"data":"nowhere.jsonl"}', /cannot be read/],
    ['{"data":1}', /policy.json: data/],
  ] as const) {
    await writeFile(policy, content);
    const response = await post(`${url}/models/mail/retrain`, {});
    expect(response.status).toBe(409);
    const problem = await problemOf(response);
    expect(problem.type).toBe('urn:waymark:problem:retrain-not-configured');
    expect(problem.detail).toMatch(detail);
  }
});

test('for the bundled model the problem has the two lines that declare its data', async () => {
  const { url } = await serve({ DATA_DIR: await mkdtemp(join(tmpdir(), 'waymark-')) });
  const { detail } = await problemOf(await post(`${url}/models/spam/retrain`, {}));
  const [sentence, corpus, policy, ...others] = detail.split('\n');
  expect(others).toEqual([]);
  expect(sentence).toMatch(/these two lines declare it:$/);
  expect(corpus).toBe('npm run corpus -- --out data/corpus');
  // The shell expands the second line, so this runs it in a folder of its own.
  const folder = await mkdtemp(join(tmpdir(), 'waymark-'));
  await mkdir(join(folder, 'models/spam'), { recursive: true });
  execFileSync('sh', ['-c', policy!], { cwd: folder });
  expect((await readPolicy(join(folder, 'models/spam'))).policy?.data).toBe(
    join(await realpath(folder), 'data/corpus/train.jsonl'),
  );
});

test('a model or a retraining that does not exist is answered with 404', async () => {
  const { url } = await serve({ DATA_DIR: await mkdtemp(join(tmpdir(), 'waymark-')) });
  expect((await post(`${url}/models/nope/retrain`, {})).status).toBe(404);
  expect((await post(`${url}/models/spam/retrain`, { data: '/etc/passwd' })).status).toBe(422);
  expect(await (await fetch(`${url}/models/spam/retrain`)).json()).toEqual({ jobs: [] });
  for (const method of ['GET', 'DELETE']) {
    for (const id of ['mgx2k0ab-5d0c1f3e', '..%2F..%2Fsecret']) {
      const response = await fetch(`${url}/models/spam/retrain/${id}`, { method });
      expect(response.status).toBe(404);
      expect(await problemOf(response)).toMatchObject({ type: 'urn:waymark:problem:job-not-found' });
    }
  }
});
