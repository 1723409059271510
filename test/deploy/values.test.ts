import { beforeAll, describe, expect, inject, test } from 'vitest';
import { installHelm } from '../../tools/deploy/install.ts';
import { render } from '../../tools/deploy/render.ts';
import { manifestsOf } from './support/profiles.ts';

const DATABASE = ['database.url=postgres://waymark@db/waymark', 'secrets.predictionIdKey.name=ids'];

/** Values that cannot be used, and a part of the message. */
const REFUSED: readonly [string[], string][] = [
  [['server.replicas=3'], 'need database.url'],
  [['autoscaling.enabled=true'], 'need database.url'],
  [['keda.enabled=true'], 'need database.url'],
  [['server.replicas=2', 'database.url=postgres://waymark@db/waymark'], 'need secrets.predictionIdKey'],
  [[...DATABASE, 'autoscaling.enabled=true', 'keda.enabled=true'], 'exclude each other'],
  [[...DATABASE, 'autoscaling.enabled=true', 'autoscaling.minReplicas=20'], 'is above autoscaling.maxReplicas'],
  [['models.store=database'], 'needs database.url'],
  [['shutdown.delayMs=10000'], 'must be below shutdown.timeoutMs'],
  [['httpRoute.enabled=true'], 'needs httpRoute.parentRefs'],
  [['collector.enabled=true'], 'needs jaeger.enabled or collector.jaegerEndpoint'],
  [['collector.enabled=true', 'jaeger.enabled=true', 'otlpEndpoint=http://c:4318'], 'exclude each other'],
  [['jaeger.enabled=true', 'jaeger.replicas=2'], 'jaeger.replicas must be 1'],
  [['jaeger.enabled=true', 'jaeger.storage.type=opensearch'], 'needs jaeger.storage.opensearch.urls'],
  [['jaeger.enabled=true', 'jaeger.storage.type=cassandra'], 'needs jaeger.storage.cassandra.servers'],
  [['kserve.inferenceService.enabled=true'], 'needs kserve.servingRuntime.enabled'],
  [
    ['kserve.inferenceService.enabled=true', 'kserve.servingRuntime.enabled=true'],
    'needs kserve.inferenceService.storageUri',
  ],
  [['retraining.enabled=true'], 'retraining.enabled needs database.url'],
  [[...DATABASE, 'retraining.enabled=true', 'retraining.dataClaim=data'], 'a place where all replicas find'],
  [['database.url=postgres://waymark:secret@db/waymark'], "'/database/url'"],
  [['podMonitor.enabled=yes'], 'got string, want boolean'],
  [['image.tag=latest'], "'/image/tag'"],
  [['server.settings.API_TOKENS=abc'], "invalid propertyName 'API_TOKENS'"],
  [['replicas=3'], "additional properties 'replicas' not allowed"],
];

describe.skipIf(inject('missingForCheckers'))('the chart', () => {
  let helm: string;

  beforeAll(async () => {
    helm = await installHelm(process.stdout, new AbortController().signal);
  });

  const set = (values: readonly string[]) => values.flatMap((value) => ['--set', value]);

  test.each(REFUSED)('refuses %j', async (values, message) => {
    await expect(render(helm, ...set(values))).rejects.toThrow(message);
  });

  test('gives a pod the time for its pause and its shutdown', async () => {
    const values = ['shutdown.preStopSeconds=7', 'shutdown.timeoutMs=12500'];
    const deployment = manifestsOf(await render(helm, ...set(values))).find(({ kind }) => kind === 'Deployment');
    expect(deployment).toMatchObject({
      spec: { template: { spec: { terminationGracePeriodSeconds: 7 + 13 + 5 } } },
    });
  });

  test('sets a variable once, also if a setting has a value of its own', async () => {
    const values = ['collector.enabled=true', 'jaeger.enabled=true', 'server.settings.JAEGER_QUERY_URL=http://other:1'];
    const names = [...(await render(helm, ...set(values))).matchAll(/name: ([A-Z_]{4,}),/g)].map(([, name]) => name);
    expect(names.filter((name) => name === 'JAEGER_QUERY_URL')).toEqual(['JAEGER_QUERY_URL']);
    expect(names).toContain('OTEL_LOGS_EXPORTER');
  });

  test('leaves the number of replicas to the autoscaler', async () => {
    const rendered = await render(helm, ...set([...DATABASE, 'autoscaling.enabled=true']));
    const deployment = manifestsOf(rendered).find(({ kind }) => kind === 'Deployment');
    expect(deployment?.['spec']).not.toHaveProperty('replicas');
  });

  test('sends each trace to one Collector of a fixed set of names', async () => {
    const values = ['collector.enabled=true', 'collector.tiers=2', 'collector.replicas=3', 'jaeger.enabled=true'];
    const rendered = await render(helm, ...set(values));
    const names = [0, 1, 2].map((i) => `waymark-collector-${i}.waymark-collector-pods:4317`);
    expect(rendered).toContain(`{ name: COLLECTOR_SECOND_TIER, value: "[${names.join(', ')}]" }`);
    expect(manifestsOf(rendered)).toContainEqual(
      expect.objectContaining({
        kind: 'StatefulSet',
        spec: expect.objectContaining({ replicas: 3, serviceName: 'waymark-collector-pods' }) as unknown,
      }),
    );
  });
});
