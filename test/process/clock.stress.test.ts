import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { smallMails } from '../classifier/small-mails.ts';
import { post } from '../http/in-process.ts';
import { smallModels } from '../models/small-models.ts';
import { startProcess } from '../support/service-process.ts';

/** The library that sets the clock of one process. The Debian package is `faketime`. */
const LIBRARY = ['x86_64-linux-gnu', 'aarch64-linux-gnu', 'arm-linux-gnueabihf']
  .map((platform) => `/usr/lib/${platform}/faketime/libfaketime.so.1`)
  .find((path) => existsSync(path));
const isMissing = LIBRARY === undefined && process.env['CI'] === undefined;

const DAY = 86_400_000;
const HOUR = 3_600_000;

const policy = {
  everySeconds: 0.2,
  promote: { minimumShadowSeconds: 1, minimumFeedback: 1_000 },
};

interface Model {
  maintenance: { evaluatedAt: string; waitingFor: string };
  comparison: { shadow: { since: string; predictions: number; feedback: { count: number } } };
}

/** Starts the service with a wall clock that the test sets. Its monotonic clock is the real one. */
async function startWithClock() {
  const models = await smallModels('1', '3');
  await writeFile(join(models, 'spam/policy.json'), JSON.stringify(policy));
  const file = join(await mkdtemp(join(tmpdir(), 'waymark-clock-')), 'offset');
  await writeFile(file, '+0');
  const service = await startProcess({
    MODELS_DIR: models,
    LD_PRELOAD: LIBRARY!,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  });
  onTestFinished(() => service.kill());
  const { url } = service;
  const offset = async () => Date.parse((await fetch(`${url}/livez`)).headers.get('date')!) - Date.now();
  return {
    url,
    /** Sets the clock, and waits until the service has the time. */
    async setClock(change: '+0' | '+1d') {
      await writeFile(file, change);
      const expected = change === '+0' ? 0 : DAY;
      await expect.poll(async () => Math.abs((await offset()) - expected), { timeout: 10_000 }).toBeLessThan(5_000);
    },
    async get<T>(path: string) {
      return (await (await fetch(`${url}${path}`)).json()) as T;
    },
    /** Sends texts, and the true label of each. */
    async send(count: number) {
      for (const { text, label } of smallMails(count, ['spam'])) {
        const { id } = (await (await post(`${url}/predict`, { text })).json()) as { id: string };
        expect((await post(`${url}/feedback`, { id, label })).status).toBe(200);
      }
    },
  };
}

test.skipIf(isMissing)(
  'a wall clock that jumps a day ahead and back freezes no window, no role and no policy (needs libfaketime)',
  async () => {
    const { url, setClock, get, send } = await startWithClock();
    await post(`${url}/models/spam/activate`, { version: '1' });
    await send(20);

    await setClock('+1d');
    await send(10);
    expect((await post(`${url}/models/spam/shadow`, { version: '3' })).status).toBe(200);
    await post(`${url}/maintenance/evaluate`, {});
    const ahead = await get<Model>('/models/spam');
    expect(Date.parse(ahead.maintenance.evaluatedAt)).toBeGreaterThan(Date.now() + DAY / 2);

    await setClock('+0');
    await send(30);
    const model = () => get<Model>('/models/spam');
    const evaluatedAt = async () => Date.parse((await model()).maintenance.evaluatedAt);
    // The policy looks again, and goes on to do so.
    await expect.poll(evaluatedAt, { timeout: 10_000 }).toBeLessThan(Date.now() + HOUR);
    const first = await evaluatedAt();
    await expect.poll(evaluatedAt, { timeout: 10_000 }).toBeGreaterThan(first);
    // The shadow took its role in the future. Its time counts all the same, and so do its texts.
    await expect
      .poll(async () => (await model()).maintenance.waitingFor, { timeout: 10_000 })
      .toMatch(/^shadow 3: \d+ of 1000 labels have arrived/);
    await expect.poll(async () => (await model()).comparison.shadow.predictions, { timeout: 10_000 }).toBe(30);
    const { shadow } = (await model()).comparison;
    expect(Date.parse(shadow.since)).toBeLessThan(Date.now());
    expect(shadow.feedback.count).toBe(30);

    // The last hour has the predictions of the real hour, and the windows of drift all of them: they count real time.
    await expect
      .poll(() => get('/quality?window=1h'), { timeout: 10_000 })
      .toMatchObject({ count: 50, coverage: { predictions: 50, labelled: 50 } });
    expect(await get('/quality')).toMatchObject({ count: 60 });
    expect(await get('/drift')).toMatchObject({ predictions: 60 });
  },
  120_000,
);
