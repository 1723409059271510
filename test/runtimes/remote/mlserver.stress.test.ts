import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readContent } from '../../../src/artefacts/artefact.ts';
import { runCli } from '../../cli/run-cli.ts';
import { post } from '../../http/in-process.ts';
import { SPAM_TEXT, smallModels } from '../../models/small-models.ts';
import { startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { startProcess } from '../../support/service-process.ts';
import { createMlServer, installMlServer, type MlServer } from './mlserver.ts';

const TIMEOUT_MS = 2_000;
/** The time that a busy machine may need for an answer beyond the deadline. */
const SLACK_MS = 3_000;
const CLIENTS = 24;

/** Installs MLServer. In CI it must be there. */
async function findMlServer(): Promise<string | undefined> {
  try {
    return await installMlServer();
  } catch (error) {
    if (process.env['CI']) throw error;
    process.stderr.write(`Skipped: ${(error as Error).message}\n`);
    return undefined;
  }
}

const bin = await findMlServer();

describe.skipIf(bin === undefined)('a real MLServer', () => {
  let server: MlServer;
  let models: string;

  beforeAll(async () => {
    server = await createMlServer(bin!);
    await server.start();
    models = await smallModels('1');
    const args = ['--url', server.url, '--protocol', 'oip', '--remote-model', 'remote', '--labels', 'ham,spam'];
    const { stderr, code } = await runCli('import-remote', [...args, '--model', 'far', '--models', models]);
    expect([stderr, code]).toEqual(['', 0]);
  }, 600_000);

  afterAll(() => server?.kill());

  test('is imported by its metadata', async () => {
    const { content } = await readContent(join(models, 'far/1'));
    expect(content).toMatchObject({
      remote: {
        protocol: 'oip',
        input: { name: 'text', dimensions: 1 },
        output: { name: 'scores', content: 'probabilities' },
      },
    });
  });

  test('is killed and restarted under load: nothing hangs, and the trace is carried on', async () => {
    const receiver = await startOtlpReceiver();
    const service = await startProcess({
      MODELS_DIR: models,
      DATA_DIR: await mkdtemp(join(tmpdir(), 'waymark-data-')),
      REMOTE_ENDPOINTS: server.url,
      REMOTE_TIMEOUT_MS: String(TIMEOUT_MS),
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_BSP_SCHEDULE_DELAY: '50',
    });
    const statuses: number[] = [];
    let longest = 0;
    let isEnded = false;
    const ask = async (model: string, text: string) => {
      const started = performance.now();
      const response = await post(`${service.url}/predict`, { text, model });
      const answer = (await response.json()) as { prediction?: string; type?: string };
      longest = Math.max(longest, performance.now() - started);
      return { status: response.status, retryAfter: response.headers.get('retry-after'), ...answer };
    };
    const client = async () => {
      while (!isEnded) {
        const { status, retryAfter, prediction } = await ask('far', 'free money');
        statuses.push(status);
        if (status === 200) expect(prediction).toBe('spam');
        else {
          expect([502, 503, 504]).toContain(status);
          expect(retryAfter).toMatch(/^\d+$/);
          await delay(20);
        }
      }
    };
    const clients = Array.from({ length: CLIENTS }, client);
    const until = async (isReached: () => boolean) => {
      while (!isReached()) await delay(20);
    };
    await until(() => statuses.filter((status) => status === 200).length > 100);
    for (let round = 0; round < 2; round += 1) {
      await server.kill();
      const before = statuses.length;
      await until(() => statuses.slice(before).filter((status) => status !== 200).length > 100);
      // A model in this process answers in the meantime.
      expect(await ask('spam', SPAM_TEXT)).toMatchObject({ status: 200, prediction: 'spam' });
      await server.start();
      const restarted = statuses.length;
      await until(() => statuses.slice(restarted).filter((status) => status === 200).length > 100);
    }
    isEnded = true;
    await Promise.all(clients);
    await service.stop();
    await receiver.close();
    expect(longest).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    const sent = new Set(
      receiver.spans.filter(({ kind }) => kind === 3).map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`),
    );
    // The first request came from the import, which has no trace.
    const [, ...traces] = await server.traces();
    expect(traces.length).toBeGreaterThan(300);
    expect(traces.filter((trace) => !sent.has(trace))).toEqual([]);
  }, 180_000);
});
