import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { eventually, promQuery } from '../../tools/stack/check/queries.ts';
import { sendFeedback, predictAll } from './support/prediction-api.ts';
import { labelledMails } from './support/labelled-mails.ts';
import { describeStack, type RunningStack } from './support/running-stack.ts';
import { type SteadyTraffic, sendSteadily } from './support/steady-traffic.ts';

/** Waits are a sixtieth of what they are in production; the longest, a leak's, is two minutes. */
const WITHIN_MS = 180_000;

const Notification = z.object({ status: z.string(), labels: z.record(z.string(), z.string()) });

const preload = (fault: string) => ({
  NODE_OPTIONS: `--import ${pathToFileURL(join(import.meta.dirname, 'faults', fault)).href}`,
});

let mails: { text: string; label: string }[];
beforeAll(async () => {
  mails = await labelledMails(600);
});

/** Which alerts have fired since the stack was started. */
async function fired({ urls }: RunningStack): Promise<string[]> {
  const samples = await promQuery(
    urls.prometheus,
    'count by (alertname) (max_over_time(ALERTS{alertstate="firing"}[1h]))',
  );
  return samples.map(({ labels }) => labels['alertname'] ?? '').toSorted();
}

/** Which alerts have reached whoever stands behind Alertmanager's webhook. */
async function notified({ folder }: RunningStack): Promise<string[]> {
  const lines = (await readFile(join(folder, 'logs/alert-webhook.log'), 'utf8')).split('\n').filter(Boolean);
  return lines
    .map((line) => Notification.parse(JSON.parse(line)))
    .filter(({ status }) => status === 'firing')
    .map(({ labels }) => labels['alertname'] ?? '');
}

/** How often Alertmanager has asked the service to evaluate its models, and was answered. */
async function askedToEvaluate({ urls }: RunningStack): Promise<number> {
  const route = 'http_route="/maintenance/evaluate",http_response_status_code="200"';
  const [sample] = await promQuery(urls.prometheus, `sum(http_server_request_duration_seconds_count{${route}})`);
  return sample?.value ?? 0;
}

/** Runs a fault against a stack with ordinary traffic. */
function describeFault(
  title: string,
  serviceEnv: NodeJS.ProcessEnv,
  expected: { own: string; besides?: string[]; isOfModel?: true },
  begin: (stack: RunningStack, traffic: SteadyTraffic) => Promise<void>,
): void {
  describeStack(
    title,
    (stack) => {
      let traffic: SteadyTraffic;
      beforeAll(() => {
        traffic = sendSteadily(
          stack().urls.service,
          mails.map(({ text }) => text),
          10,
        );
      });
      afterAll(() => traffic?.stop());

      test(`raises ${expected.own}, which reaches the webhook, and no alert of anything else`, async () => {
        await begin(stack(), traffic);
        await eventually(async () => expect(await notified(stack())).toContain(expected.own), WITHIN_MS);
        const others = (await fired(stack())).filter((name) => !expected.besides?.includes(name));
        expect(others).toEqual([expected.own]);
      }, 240_000);

      // Left out, not skipped, where the alert is about no model: nothing is missing then.
      if (!expected.isOfModel) return;
      test('lets the service look at its model', async () => {
        await eventually(async () => expect(await askedToEvaluate(stack())).toBeGreaterThan(0), WITHIN_MS);
      });
    },
    serviceEnv,
  );
}

describe('the alerts', () => {
  describeFault('a model that starts to fail', {}, { own: 'AccuracyBelowTraining', isOfModel: true }, async (stack) => {
    const predictions = await predictAll(
      stack.urls.service,
      mails.map(({ text }) => text),
    );
    const flipped = predictions.map(({ id }, at) => ({ id, label: mails[at]!.label === 'spam' ? 'ham' : 'spam' }));
    await sendFeedback(stack.urls.service, flipped);
  });

  // Texts that have drifted are out of the ordinary one by one, too: Alertmanager holds that alert back.
  describeFault(
    'a burst of foreign text',
    {},
    { own: 'ModelDrift', besides: ['AnomalyShareHigh'], isOfModel: true },
    async (_stack, traffic) => {
      traffic.use([
        'Добрый день, счёт за прошлый месяц во вложении',
        'Встреча переносится на четверг',
        '今日は良い天気です',
      ]);
    },
  );

  describeFault('a slow model', preload('slow-model.ts'), { own: 'LatencyBudgetBurn' }, async () => {});

  describeFault('a process that leaks', preload('leak.ts'), { own: 'MemoryLeak' }, async () => {});

  describeFault('a Collector that stopped', {}, { own: 'TargetDown' }, (stack) => stack.stopOne('collector'));

  describeStack('ordinary traffic', (stack) => {
    test('raises none', async () => {
      const traffic = sendSteadily(
        stack().urls.service,
        mails.map(({ text }) => text),
        10,
      );
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      await traffic.stop();
      expect(await fired(stack())).toEqual([]);
    });
  });
});
