import { afterAll, expect, inject, test } from 'vitest';
import { eventually, spansOf } from '../../tools/stack/check/queries.ts';
import { post } from '../http/in-process.ts';
import { smallModels } from '../models/small-models.ts';
import { createMlServer, installMlServer } from '../runtimes/remote/mlserver.ts';
import { oipModel, writeRemoteVersion } from '../runtimes/remote/remote-versions.ts';
import { describeStack } from './support/running-stack.ts';

const isMissing = inject('missingPrerequisite') !== '';
const server = isMissing ? undefined : await createMlServer(await installMlServer());
const models = await smallModels('1');
if (server) await writeRemoteVersion(models, 'far', '1', oipModel(server.url));

describeStack(
  'a model in MLServer',
  (stack) => {
    afterAll(() => server?.kill());

    test('has one trace across both servers', async () => {
      const { urls, ports } = stack();
      await server!.start(`127.0.0.1:${ports.collectorOtlpGrpc}`);
      const response = await post(`${urls.service}/predict`, { text: 'free money', model: 'far' });
      expect(await response.json()).toMatchObject({ prediction: 'spam' });
      const traceId = response.headers.get('x-trace-id')!;
      await eventually(async () => {
        const spans = await spansOf(urls.jaeger, traceId);
        const services = new Set(spans.map((span) => span.service));
        expect(services.size).toBe(2);
        expect(services).toContain('waymark');
        const client = spans.find(
          (span) => span.operationName === 'POST /v2/models/remote/infer' && span.service === 'waymark',
        );
        const children = spans.filter(({ references }) => references.some(({ spanID }) => spanID === client?.spanID));
        expect(children.some((span) => span.service !== 'waymark')).toBe(true);
      });
    }, 240_000);
  },
  { MODELS_DIR: models, ...(server && { REMOTE_ENDPOINTS: server.url }) },
);
