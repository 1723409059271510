import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { dependencies, eventually, promQuery, type Span, spansOf } from '../../tools/stack/check/queries.ts';
import { hamMail, postMail, sendMail, spamMail } from '../gateway/in-process.ts';
import { post } from '../http/in-process.ts';
import { describeStack } from './support/running-stack.ts';

describeStack('a mail through the gateway', (stack) => {
  test.each(['HTTP', 'SMTP'])('by %s is one trace in Jaeger across both services', async (protocol) => {
    const { gateway, gatewaySmtp, jaeger } = stack().urls;
    const traceId =
      protocol === 'HTTP'
        ? (await postMail(gateway, spamMail)).headers.get('x-trace-id')
        : /trace (\w+)$/.exec(await sendMail(gatewaySmtp, spamMail))?.[1];
    await eventually(async () => {
      const spans = await spansOf(jaeger, String(traceId));
      expect(pathTo(spans, 'classify')).toEqual([
        `mail-gateway: ${protocol === 'HTTP' ? 'POST /messages' : 'SMTP message'}`,
        'mail-gateway: POST',
        'waymark: POST /predict',
        'waymark: classify',
      ]);
    });
  });

  test('with feedback has a link from the feedback span to the trace of its prediction, in Jaeger', async () => {
    const { gateway, jaeger } = stack().urls;
    const checkedMail = await (await postMail(gateway, hamMail)).text();
    const predictionTraceId = /X-Waymark-Trace-Id: (\w+)/.exec(checkedMail)?.[1];
    const response = await post(`${gateway}/feedback?spam=false`, checkedMail, { 'content-type': 'message/rfc822' });
    expect(response.status).toBe(200);
    const traceId = String(response.headers.get('x-trace-id'));
    await eventually(async () => {
      const spans = await spansOf(jaeger, traceId);
      const path = pathTo(spans, 'feedback');
      expect(path).toEqual([
        'mail-gateway: POST /feedback',
        'mail-gateway: POST',
        'waymark: POST /feedback',
        'waymark: feedback',
      ]);
      const feedback = spans.find(
        ({ operationName, service }) => operationName === 'feedback' && service === 'waymark',
      );
      const links = feedback?.references.filter(({ refType }) => refType === 'FOLLOWS_FROM') ?? [];
      expect(links.map(({ traceID }) => traceID)).toEqual([predictionTraceId]);
    });
  });

  test("is an edge from mail-gateway to waymark in Jaeger's graph", async () => {
    await eventually(async () => {
      const edges = await dependencies(stack().urls.jaeger);
      expect(edges).toContainEqual(
        expect.objectContaining({ parent: 'mail-gateway', child: 'waymark', callCount: expect.any(Number) }),
      );
    });
  });

  test('is counted in Prometheus under the job of the gateway', async () => {
    const mail = await readFile('test/fixtures/mail/ham-00007-easy-ham-1.eml');
    await postMail(stack().urls.gateway, mail);
    await eventually(async () => {
      const samples = await promQuery(stack().urls.prometheus, 'sum by (job, verdict) (mail_gateway_messages_total)');
      const counts = Object.fromEntries(
        samples.map(({ labels, value }) => [`${labels['job']} ${labels['verdict']}`, value]),
      );
      expect(counts).toEqual({ 'mail-gateway spam': 2, 'mail-gateway not_spam': 2 });
    });
  });

  test('passes unchecked while Waymark is down, and is counted in Prometheus', async () => {
    let unchecked = 0;
    const send = async () => {
      const flag = (await postMail(stack().urls.gateway, spamMail)).headers.get('x-spam-flag');
      if (flag === null) unchecked++;
      return flag;
    };
    await stack().stopOne('waymark');
    expect(await send()).toBeNull();
    await stack().startOne('waymark');
    await eventually(async () => expect(await send()).toBe('YES'));
    await eventually(async () => {
      const [counted] = await promQuery(stack().urls.prometheus, 'sum(mail_gateway_unchecked_total)');
      expect(counted?.value).toBe(unchecked);
    });
  });
});

/** Returns the spans from the root down to the span with this name, each with its service. */
function pathTo(spans: Span[], name: string): string[] {
  const path: string[] = [];
  let span = spans.find(({ operationName }) => operationName === name);
  while (span) {
    path.unshift(`${span.service}: ${span.operationName}`);
    const parent = span.references.find(({ refType }) => refType === 'CHILD_OF')?.spanID;
    span = spans.find(({ spanID }) => spanID === parent);
  }
  return path;
}
