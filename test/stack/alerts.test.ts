import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { eventually, promQuery } from '../../tools/stack/check/queries.ts';
import { labelledMails } from './support/labelled-mails.ts';
import { predictAll, sendFeedback } from './support/prediction-api.ts';
import { describeStack, type RunningStack } from './support/running-stack.ts';
import { type SteadyTraffic, sendSteadily } from './support/steady-traffic.ts';

/** The waiting times of alerts are a sixtieth of those in production. The longest, that of a leak, is two minutes. */
const WITHIN_MS = 180_000;

const notificationSchema = z.object({
  status: z.string(),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
});

const preload = (fault: string) => ({
  NODE_OPTIONS: `--import ${pathToFileURL(join(import.meta.dirname, 'faults', fault)).href}`,
});

let mails: { text: string; label: string }[];
beforeAll(async () => {
  mails = await labelledMails(600);
});

/**
 * Waits until no alert fires, and returns the time. On a busy machine the service starts slowly, and the Collector reports it
 * as down meanwhile.
 */
async function waitForQuiet({ urls }: RunningStack): Promise<number> {
  const firing = 'ALERTS{alertstate="firing"}';
  await eventually(async () => expect(await promQuery(urls.prometheus, firing)).toEqual([]), WITHIN_MS);
  return Date.now();
}

/** Returns the names of the alerts that have fired since a time in milliseconds. */
async function firedAlerts({ urls }: RunningStack, since: number): Promise<string[]> {
  const seconds = Math.max(1, Math.floor((Date.now() - since) / 1_000));
  const samples = await promQuery(
    urls.prometheus,
    `count by (alertname) (max_over_time(ALERTS{alertstate="firing"}[${seconds}s]))`,
  );
  return samples.map(({ labels }) => labels['alertname'] ?? '').toSorted();
}

/** Returns the firing alerts that have reached the receiver of Alertmanager's webhook. */
async function notifications({ folder }: RunningStack): Promise<z.infer<typeof notificationSchema>[]> {
  const lines = (await readFile(join(folder, 'logs/alert-webhook.log'), 'utf8')).split('\n').filter(Boolean);
  return lines.map((line) => notificationSchema.parse(JSON.parse(line))).filter(({ status }) => status === 'firing');
}

/** Returns the names of the alerts that have reached the receiver of Alertmanager's webhook. */
async function notifiedAlerts(stack: RunningStack): Promise<string[]> {
  return (await notifications(stack)).map(({ labels }) => labels['alertname'] ?? '');
}

/** Returns the number of evaluations that Alertmanager has requested and the service has answered. */
async function evaluationCount({ urls }: RunningStack): Promise<number> {
  const route = 'http_route="/maintenance/evaluate",http_response_status_code="200"';
  const [sample] = await promQuery(urls.prometheus, `sum(http_server_request_duration_seconds_count{${route}})`);
  return sample?.value ?? 0;
}

interface ExpectedAlert {
  alert: string;
  /** Further alerts that the fault may raise. */
  alsoAllowed?: string[];
  /** Set if the alert is about a model. */
  isAboutModel?: true;
}

/** Describes a fault of a stack with ordinary traffic. */
function describeFault(
  title: string,
  serviceEnv: NodeJS.ProcessEnv,
  expected: ExpectedAlert,
  startFault: (stack: RunningStack, traffic: SteadyTraffic) => Promise<void>,
): void {
  describeStack(
    title,
    (stack) => {
      let traffic: SteadyTraffic;
      let quietSince: number;
      beforeAll(async () => {
        quietSince = await waitForQuiet(stack());
        traffic = sendSteadily(
          stack().urls.service,
          mails.map(({ text }) => text),
          10,
        );
      });
      afterAll(() => traffic?.stop());

      test(`raises ${expected.alert}, which reaches the webhook, and no other alert`, async () => {
        await startFault(stack(), traffic);
        await eventually(async () => expect(await notifiedAlerts(stack())).toContain(expected.alert), WITHIN_MS);
        const fired = (await firedAlerts(stack(), quietSince)).filter((name) => !expected.alsoAllowed?.includes(name));
        expect(fired).toEqual([expected.alert]);
      }, 240_000);

      test('links to its section of the served runbooks, by an address that is no label', async () => {
        const sent = (await notifications(stack())).find(({ labels }) => labels['alertname'] === expected.alert)!;
        const { service } = stack().urls;
        expect(sent.annotations['runbook_url']).toBe(`${service}/docs/runbooks#${expected.alert.toLowerCase()}`);
        expect(Object.keys(sent.labels).filter((name) => name.endsWith('_url'))).toEqual([]);
        const page = await (await fetch(sent.annotations['runbook_url']!)).text();
        expect(page).toContain(`<h2 id="${expected.alert.toLowerCase()}">`);
      });

      // Alerts that are not about a model do not request an evaluation. The test is left out, not skipped.
      if (!expected.isAboutModel) return;
      test('makes the service evaluate its model', async () => {
        await eventually(async () => expect(await evaluationCount(stack())).toBeGreaterThan(0), WITHIN_MS);
      });
    },
    serviceEnv,
  );
}

describe('the alerts', () => {
  describeFault(
    'a model that becomes wrong',
    {},
    { alert: 'AccuracyBelowTraining', isAboutModel: true },
    async (stack) => {
      const predictions = await predictAll(
        stack.urls.service,
        mails.map(({ text }) => text),
      );
      const flipped = predictions.map(({ id }, at) => ({ id, label: mails[at]!.label === 'spam' ? 'ham' : 'spam' }));
      await sendFeedback(stack.urls.service, flipped);
    },
  );

  // Each drifted text is also an anomaly. Alertmanager inhibits that alert, so it fires but is not sent.
  describeFault(
    'a burst of foreign text',
    {},
    { alert: 'ModelDrift', alsoAllowed: ['AnomalyShareHigh'], isAboutModel: true },
    async (_stack, traffic) => {
      traffic.use([
        'Добрый день, счёт за прошлый месяц во вложении',
        'Встреча переносится на четверг',
        '今日は良い天気です',
      ]);
    },
  );

  describeFault('a slow model', preload('slow-model.ts'), { alert: 'LatencyBudgetBurn' }, async () => {});

  describeFault('a process with a memory leak', preload('leak.ts'), { alert: 'MemoryLeak' }, async () => {});

  describeFault('a stopped Collector', {}, { alert: 'TargetDown' }, (stack) => stack.stopOne('collector'));

  describeStack('ordinary traffic', (stack) => {
    test('raises no alert', async () => {
      const quietSince = await waitForQuiet(stack());
      const traffic = sendSteadily(
        stack().urls.service,
        mails.map(({ text }) => text),
        10,
      );
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      await traffic.stop();
      expect(await firedAlerts(stack(), quietSince)).toEqual([]);
    });
  });
});
