import Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import { z } from 'zod';
import type { WaymarkClient } from '../../packages/client/src/client.ts';
import { WaymarkError } from '../../packages/client/src/errors.ts';
import { limitInFlight } from '../http/server/admission.ts';
import { checked, parseJson, readBody } from '../http/server/body.ts';
import type { RequestState } from '../http/server/context.ts';
import { traceRequest } from '../http/server/trace-request.ts';
import { MARK, markMessage, readField } from '../mail/message-headers.ts';
import { Problem } from '../platform/problems.ts';
import type { Log } from '../telemetry/logs/log.ts';
import { answerGatewayProblems } from './answer-gateway-problems.ts';
import type { Judge } from './classify-message.ts';
import { verdictFields, verdictJson } from './verdict.ts';

export interface AppOptions {
  readonly judge: Judge;
  readonly client: Pick<WaymarkClient, 'feedback'>;
  readonly labels: { readonly spam: string; readonly ham: string };
  readonly maxMessageBytes: number;
  readonly maxInFlight: number;
  readonly feedbackTimeoutMs: number;
  readonly ready: () => boolean;
  readonly log: Log;
}

const MESSAGE = 'message/rfc822';

const feedbackBody = z.strictObject(
  { id: z.string('must be a string, the id of a prediction'), spam: z.boolean('must be true or false') },
  'must be an object: {"id": string, "spam": boolean}',
);

/** The gateway's HTTP API: mail in, marked mail out, and what people say of it. */
export function createGatewayApp(options: AppOptions): Koa<RequestState> {
  const router = new Router<RequestState>();
  router.post('/messages', limitInFlight(options.maxInFlight, 'messages'), judgeMessage(options));
  router.post('/feedback', takeFeedback(options));
  router.get('/livez', (ctx) => {
    ctx.body = { status: 'live' };
  });
  router.get('/readyz', (ctx) => {
    // Not whether the classification service answers: mail is let through without it.
    if (!options.ready()) throw new Problem('not-ready', 'The gateway is draining.', { 'retry-after': '1' });
    ctx.body = { status: 'ready' };
  });

  const app = new Koa<RequestState>();
  app.use(traceRequest());
  app.use(answerGatewayProblems(options.log));
  app.use(router.routes());
  app.use((ctx) => {
    throw new Problem(
      'route-not-found',
      `There is no route ${ctx.method} here; there are POST /messages and /feedback.`,
    );
  });
  app.on('error', () => undefined);
  return app;
}

/** `POST /messages`: a raw message, back with its verdict in its header; the verdict alone where JSON is asked for. */
function judgeMessage({ judge, maxMessageBytes }: AppOptions): Middleware<RequestState> {
  return async (ctx) => {
    if (!ctx.is(MESSAGE)) {
      throw new Problem('unsupported-media-type', `Send a raw message as "${MESSAGE}".`, { accept: MESSAGE });
    }
    const raw = await readBody(ctx, maxMessageBytes);
    const verdict = await judge(raw, 'http');
    const fields = verdictFields(verdict);
    for (const [name, value] of fields) ctx.set(name, value);
    if (ctx.accepts(MESSAGE, 'application/json') === 'application/json') {
      ctx.body = { ...verdictJson(verdict), traceId: ctx.state.trace.traceId };
      return;
    }
    ctx.body = markMessage(raw, fields);
    ctx.type = MESSAGE;
  };
}

/** `POST /feedback`: "this is (not) spam", of a prediction's id or of a message that came through here. */
function takeFeedback({ client, labels, maxMessageBytes, feedbackTimeoutMs }: AppOptions): Middleware<RequestState> {
  return async (ctx) => {
    const body = await readBody(ctx, maxMessageBytes);
    const { id, spam } = ctx.is(MESSAGE) ? ofMessage(body, ctx.query['spam']) : checked(parseJson(body), feedbackBody);
    const label = spam ? labels.spam : labels.ham;
    const answer = await client.feedback({ id, label }, { timeoutMs: feedbackTimeoutMs }).catch((error: unknown) => {
      // A message may be let through unjudged; feedback that is not kept must not look as if it were.
      if (error instanceof WaymarkError && !('problem' in error)) {
        throw new Problem('not-ready', 'The classification service does not answer; send the feedback again later.', {
          'retry-after': '10',
        });
      }
      throw error;
    });
    ctx.body = { ...answer, traceId: ctx.state.trace.traceId };
  };
}

function ofMessage(raw: Uint8Array, spam: unknown): { id: string; spam: boolean } {
  const id = readField(raw, MARK.predictionId);
  if (id === undefined) {
    throw new Problem(
      'invalid-request',
      `The message has no field "${MARK.predictionId}": it did not come through here.`,
    );
  }
  if (spam !== 'true' && spam !== 'false') {
    throw new Problem('invalid-request', 'The parameter "spam" must be true or false.');
  }
  return { id, spam: spam === 'true' };
}
