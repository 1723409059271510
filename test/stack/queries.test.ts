import { cp, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { eventually, logRecords, promQuery } from '../../tools/stack/check/queries.ts';
import { hamMail, mail, postMail, sendMail, spamMail } from '../gateway/in-process.ts';
import { writeSmallVersion } from '../models/small-models.ts';
import { annotationQueries, dashboardQueries, rules } from '../otel/promql.ts';
import { predictAll, sendFeedback } from './support/prediction-api.ts';
import { describeStack, type RunningStack } from './support/running-stack.ts';
import { sendSteadily } from './support/steady-traffic.ts';

const SPAM = 'Congratulations, you won free money, click here to claim your prize now';
const HAM = 'The patch applies cleanly to the current kernel tree; see the list archive for the discussion.';

const MAX_TEXT_CHARACTERS = '1000';
/** A mail with a text that the service rejects, so that the gateway passes the mail unchecked. */
const overlongMail = mail('Minutes', 'The minutes of the last meeting. '.repeat(50));

/** The counts of an hour and of a day before, which a new stack does not have. promtool tests them (replicas-feedback.yml). */
const COUNTS_BEFORE = 'classifier:feedback_start:count';

/** A models folder with the bundled version and another version as its shadow. */
const MODELS_DIR = await mkdtemp(join(tmpdir(), 'waymark-models-'));
await cp(join(import.meta.dirname, '../../models/spam/1'), join(MODELS_DIR, 'spam/1'), { recursive: true });
await writeSmallVersion(MODELS_DIR, 'spam', '2');
await writeFile(join(MODELS_DIR, 'spam/roles.json'), JSON.stringify({ format: 1, active: '1', shadow: '2' }));

function testsUnderLoad(stack: () => RunningStack): void {
  beforeAll(async () => {
    const { service, gateway, gatewaySmtp } = stack().urls;
    const traffic = sendSteadily(service, [SPAM, HAM, '', 'Встреча переносится'], 20);
    const predictions = await predictAll(service, Array(100).fill(SPAM));
    await sendFeedback(
      service,
      predictions.map(({ id }, at) => ({ id, label: at % 4 === 0 ? 'ham' : 'spam' })),
    );
    const reported = await predictAll(service, Array(20).fill(SPAM));
    await sendFeedback(
      service,
      reported.map(({ id }) => ({ id, label: 'ham', source: 'report' })),
    );
    const badRequests = setInterval(() => void fetch(`${service}/predict`, { method: 'POST' }).catch(() => {}), 200);
    const mails = setInterval(() => {
      for (const raw of [spamMail, hamMail, overlongMail]) void postMail(gateway, raw).catch(() => {});
      void sendMail(gatewaySmtp, hamMail).catch(() => {});
    }, 500);
    // Every series must change between two scrapes.
    await new Promise((resolve) => setTimeout(resolve, 15_000));
    clearInterval(badRequests);
    clearInterval(mails);
    const laterPredictions = await predictAll(service, Array(100).fill(HAM));
    await sendFeedback(
      service,
      laterPredictions.map(({ id }) => ({ id, label: 'ham' })),
    );
    await traffic.stop();
  });

  const expectSamples = (query: string) =>
    eventually(async () => {
      const samples = await promQuery(stack().urls.prometheus, query);
      expect(samples.length, query).toBeGreaterThan(0);
    }, 10_000);

  test.each(dashboardQueries)('$where has data', ({ query }) => expectSamples(query));

  test.each(rules.filter(({ record }) => record && record !== COUNTS_BEFORE))('$record has data', ({ query, record }) =>
    expectSamples(query).then(() => expectSamples(record!)),
  );

  test.each(rules.filter(({ record }) => record === COUNTS_BEFORE))('$record has no data yet', async ({ query }) => {
    expect(await promQuery(stack().urls.prometheus, query)).toEqual([]);
  });

  test.each([
    '"classifier.prediction.label":=spam',
    '"classifier.model.version":=1',
    '"classifier.anomaly.reason":length',
    '"classifier.feedback.correct":=false',
  ])('VictoriaLogs finds records by %s', (query) =>
    eventually(async () => expect(await logRecords(stack().urls.victoriaLogs, query)).not.toEqual([])),
  );

  test.each(annotationQueries)('$where is a valid query', async ({ query }) => {
    await expect(promQuery(stack().urls.prometheus, query)).resolves.toBeInstanceOf(Array);
  });

  test('no rule has failed', async () => {
    const [failures] = await promQuery(stack().urls.prometheus, 'sum(prometheus_rule_evaluation_failures_total)');
    expect(failures?.value).toBe(0);
  });

  test.each(rules.filter(({ alert }) => alert))('the condition of $alert is a valid query', async ({ query }) => {
    await expect(promQuery(stack().urls.prometheus, query)).resolves.toBeInstanceOf(Array);
  });
}

// The names of the jobs do not depend on the name of the service.
describeStack('under a mixed load', testsUnderLoad, {
  MODELS_DIR,
  MAX_TEXT_CHARACTERS,
  OTEL_SERVICE_NAME: 'renamed-service',
});
