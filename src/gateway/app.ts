import Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import { z } from 'zod';
import type { WaymarkClient } from '../../packages/client/src/client.ts';
import { ProblemError, WaymarkError } from '../../packages/client/src/errors.ts';
import { refuseOtherSites } from '../http/access/other-sites.ts';
import { limitInFlight, type ServerSlots } from '../http/server/admission.ts';
import { answerDetails, rejectUnrouted, reportProblem } from '../http/server/answer-problems.ts';
import { parseJson, readBody, validate } from '../http/server/body.ts';
import type { ByteBudget } from '../http/server/byte-budget.ts';
import type { RequestState } from '../http/server/context.ts';
import { traceRequest } from '../http/server/trace-request.ts';
import { type RouteParameters, refuseUnknownParameters } from '../http/server/unknown-names.ts';
import { MARK, markMessage, readField } from '../mail/message-headers.ts';
import { Problem, problemDetails } from '../platform/problems.ts';
import type { Log } from '../telemetry/logs/log.ts';
import type { MailClassifier } from './classify-message.ts';
import { verdictFields, verdictJson } from './verdict.ts';

/** Options of `createGatewayApp`. */
export interface AppOptions {
  readonly classifyMail: MailClassifier;
  readonly client: Pick<WaymarkClient, 'feedback'>;
  readonly labels: { readonly spam: string; readonly ham: string };
  /** The address on which the server listens, and the hosts of `ALLOWED_HOSTS`. */
  readonly address: { readonly host: string; readonly allowedHosts: readonly string[] | undefined };
  readonly maxMessageBytes: number;
  readonly slots: ServerSlots;
  readonly budget: ByteBudget;
  readonly feedbackTimeoutMs: number;
  readonly ready: () => boolean;
  readonly log: Log;
}

const MESSAGE_TYPE = 'message/rfc822';

const feedbackBody = z.strictObject(
  { id: z.string('must be a string, the id of a prediction'), spam: z.boolean('must be true or false') },
  'must be an object: {"id": string, "spam": boolean}',
);

/** The query parameters of the routes. Health checks take any, because probes add some. */
const QUERY_PARAMETERS: RouteParameters = new Map([
  ['POST /messages', []],
  ['POST /feedback', ['spam']],
]);

const NO_ROUTE = 'There is no such route. The routes are POST /messages, POST /feedback, GET /livez and GET /readyz.';

/** Creates the HTTP API of the gateway: messages, feedback and health. */
export function createGatewayApp(options: AppOptions): Koa<RequestState> {
  const router = new Router<RequestState>();
  const limit = limitInFlight(options.slots, options.budget);
  router.post('/messages', limit, classifyMessage(options));
  router.post('/feedback', limit, recordFeedback(options));
  router.get('/livez', (ctx) => {
    ctx.body = { status: 'live' };
  });
  router.get('/readyz', (ctx) => {
    // The state of the classification service does not count: mail passes without it.
    if (!options.ready()) throw new Problem('not-ready', 'The gateway is draining.', { 'retry-after': '1' });
    ctx.body = { status: 'ready' };
  });

  const app = new Koa<RequestState>();
  app.use(traceRequest());
  app.use(answerProblems(options.log));
  app.use(refuseOtherSites(options.address));
  app.use(refuseUnknownParameters(router, QUERY_PARAMETERS));
  app.use(router.routes());
  app.use(rejectUnrouted(new Map(), NO_ROUTE));
  // An error after the start of a response cannot change it.
  app.on('error', () => undefined);
  return app;
}

/**
 * Returns the middleware that answers errors with problem details. Problems of the classification service are passed
 * on.
 */
function answerProblems(log: Log): Middleware<RequestState> {
  return async function answerProblems(ctx, next) {
    try {
      await next();
    } catch (error) {
      const { traceId } = ctx.state.trace;
      if (error instanceof ProblemError && error.status < 500) {
        const { problem, title, status, message: detail } = error;
        answerDetails(ctx, { type: `urn:waymark:problem:${problem}`, title, status, detail, traceId });
      } else {
        const problem = reportProblem(error, log);
        answerDetails(ctx, problemDetails(problem, traceId), problem.headers);
      }
    }
  };
}

/**
 * `POST /messages`: returns a raw message with its verdict in the header, or only the verdict if the client accepts
 * JSON.
 */
function classifyMessage({ classifyMail, maxMessageBytes }: AppOptions): Middleware<RequestState> {
  return async (ctx) => {
    if (!ctx.is(MESSAGE_TYPE)) {
      throw new Problem('unsupported-media-type', `Send a raw message as "${MESSAGE_TYPE}".`, { accept: MESSAGE_TYPE });
    }
    const raw = await readBody(ctx, maxMessageBytes);
    const verdict = await classifyMail(raw, 'http');
    const fields = verdictFields(verdict);
    for (const [name, value] of fields) ctx.set(name, value);
    if (ctx.accepts(MESSAGE_TYPE, 'application/json') === 'application/json') {
      ctx.body = { ...verdictJson(verdict), traceId: ctx.state.trace.traceId };
      return;
    }
    ctx.body = markMessage(raw, fields);
    ctx.type = MESSAGE_TYPE;
  };
}

/** `POST /feedback`: records whether a message is spam, for the id of a prediction or for a marked message. */
function recordFeedback({ client, labels, maxMessageBytes, feedbackTimeoutMs }: AppOptions): Middleware<RequestState> {
  return async (ctx) => {
    const body = await readBody(ctx, maxMessageBytes);
    const { id, spam } = ctx.is(MESSAGE_TYPE)
      ? feedbackOfMessage(body, ctx.query['spam'])
      : validate(parseJson(body), feedbackBody);
    const label = spam ? labels.spam : labels.ham;
    const answer = await client
      .feedback({ id, label, source: 'report' }, { timeoutMs: feedbackTimeoutMs })
      .catch((error: unknown) => {
        // Unlike a message, feedback must not seem to succeed if the service did not record it.
        if (error instanceof WaymarkError && !('problem' in error)) {
          throw new Problem(
            'not-ready',
            'The classification service does not respond. Send the feedback again later.',
            {
              'retry-after': '10',
            },
          );
        }
        throw error;
      });
    ctx.body = { ...answer, traceId: ctx.state.trace.traceId };
  };
}

function feedbackOfMessage(raw: Uint8Array, spam: unknown): { id: string; spam: boolean } {
  const id = readField(raw, MARK.predictionId);
  if (id === undefined) {
    throw new Problem(
      'invalid-request',
      `The message has no field "${MARK.predictionId}", so it did not pass this gateway.`,
    );
  }
  if (spam !== 'true' && spam !== 'false') {
    throw new Problem('invalid-request', 'The parameter "spam" must be true or false.');
  }
  return { id, spam: spam === 'true' };
}
