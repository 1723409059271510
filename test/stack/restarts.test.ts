import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { requireTrace } from '../../tools/stack/check/check.ts';
import { eventually, promExemplars, promQuery, spansOf } from '../../tools/stack/check/queries.ts';
import { runLoad } from './support/load.ts';
import { describeStack } from './support/running-stack.ts';

describeStack('when components restart', (stack) => {
  test('Jaeger keeps its traces', async () => {
    const { traceId } = await stack().traffic.send();
    await eventually(() => requireTrace(stack().urls.jaeger, traceId));
    await stack().stopOne('jaeger');
    await stack().startOne('jaeger');
    await eventually(() => requireTrace(stack().urls.jaeger, traceId));
  });

  test('traces sent while Jaeger is down wait on disk, survive a restart of the Collector, and arrive', async () => {
    await stack().stopOne('jaeger');
    const { traceId } = await stack().traffic.send();
    await eventually(async () => {
      const [queued] = await promQuery(
        stack().urls.prometheus,
        'otelcol_exporter_queue_size{exporter="otlp_grpc/jaeger",data_type="traces"}',
      );
      expect(queued?.value).toBeGreaterThan(0);
    });
    await stack().stopOne('collector');
    await stack().startOne('jaeger');
    expect(await spansOf(stack().urls.jaeger, traceId)).toEqual([]);
    await stack().startOne('collector');
    await eventually(() => requireTrace(stack().urls.jaeger, traceId));
  });

  test('SIGTERM under load loses no response and no span', async () => {
    const load = runLoad(stack().urls.service, 16);
    await eventually(async () => expect(load.answered.length).toBeGreaterThan(2_000));
    await stack().stopOne('waymark');
    const { answered, failed } = await load.stop();
    expect(failed).toEqual([]);
    const missing = new Set(answered);
    await eventually(async () => {
      for (const traceId of missing) {
        const spans = await spansOf(stack().urls.jaeger, traceId);
        if (spans.some(({ operationName }) => operationName === 'classify')) missing.delete(traceId);
      }
      expect([...missing]).toEqual([]);
    });
    await stack().startOne('waymark');
  });

  test('an exemplar of the service arrives in Prometheus', async () => {
    await stack().stopOne('waymark');
    const traceId = 'a3ce929d0e0e4736a3ce929d0e0e4736';
    const page = [
      '# TYPE classifier_prediction_duration_seconds histogram',
      `classifier_prediction_duration_seconds_bucket{le="0.001"} 1 # {trace_id="${traceId}",span_id="00f067aa0ba902b7"} 0.0005`,
      'classifier_prediction_duration_seconds_bucket{le="+Inf"} 1',
      'classifier_prediction_duration_seconds_sum 0.0005',
      'classifier_prediction_duration_seconds_count 1',
      '# EOF\n',
    ];
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/openmetrics-text; version=1.0.0; charset=utf-8');
      response.end(page.join('\n'));
    });
    server.listen(stack().ports.serviceMetrics, '127.0.0.1');
    try {
      await eventually(async () => {
        const series = await promExemplars(stack().urls.prometheus, 'classifier_prediction_duration_seconds_bucket');
        expect(series.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels['trace_id']))).toContain(traceId);
      });
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
