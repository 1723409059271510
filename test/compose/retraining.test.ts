import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { createRandom } from '../../src/classifier/learning/random.ts';
import type { RetrainJob } from '../../src/maintenance/retraining/job.ts';
import { postJson } from '../../tools/stack/check/traffic.ts';
import { docker, inspect } from './support/docker.ts';
import { startService } from './support/single-service.ts';

/** The number of texts, each of 200 of a million words, whose features need some hundred megabytes. */
const TEXTS = 20_000;

describe.skipIf(inject('missingForContainers'))('a retraining that needs more memory than its container has', () => {
  let data: string;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'waymark-texts-'));
    await chmod(data, 0o755);
    const random = createRandom(1);
    const word = () => Math.floor(random() * 1e6).toString(36);
    const text = () => Array.from({ length: 200 }, word).join(' ');
    const lines = Array.from({ length: TEXTS }, (_, at) =>
      JSON.stringify({ text: text(), label: at % 2 ? 'ham' : 'spam' }),
    );
    await writeFile(join(data, 'train.jsonl'), `${lines.join('\n')}\n`);
  });

  afterAll(() => rm(data, { recursive: true }));

  /** Retrains in a container, and returns the failure of the job. The service must outlive the training. */
  async function failureOf(memory: string, retrain: object): Promise<NonNullable<RetrainJob['failure']>> {
    const service = await startService(['--memory', memory, '--memory-swap', memory, '--volume', `${data}:/texts:ro`]);
    onTestFinished(() => service.remove());
    const policy = JSON.stringify({ data: '/texts/train.jsonl', retrain: { niceness: 0, ...retrain } });
    await docker(['exec', service.container, 'sh', '-c', `echo '${policy}' > models/spam/policy.json`]);
    const { job } = (await postJson(`${service.url}/models/spam/retrain`, {})) as { job: RetrainJob };
    for (;;) {
      const response = await fetch(`${service.url}/models/spam/retrain/${job.id}`);
      const { state, failure } = ((await response.json()) as { job: RetrainJob }).job;
      if (state !== 'running') {
        expect((await service.predict('Win a prize now')).model.version).toBe('1');
        expect((await inspect(service.container)).State).toMatchObject({ Status: 'running' });
        expect(failure).not.toBeNull();
        return failure!;
      }
      await delay(200);
    }
  }

  test('ends at the limit that the service has derived from the memory of the container', async () => {
    const { reason, detail } = await failureOf('512m', {});
    expect(reason).toBe('memory');
    // 90 % of 512 MB, less 200 MB for the serving process.
    expect(detail).toContain('its limit of 260 MB');
  });

  test('fails with the same reason if the kernel kills it, and the service stays alive', async () => {
    const { reason, detail } = await failureOf('300m', { maxMemoryMB: 4_096 });
    expect(reason).toBe('memory');
    expect(detail).toContain('was killed');
  });
});
