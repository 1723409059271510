import Router from '@koa/router';
import Koa from 'koa';
import { exceptionAttributes } from '../telemetry/logs/log.ts';
import { routeInference } from './inference/routes.ts';
import { docsFile, docsPage, openApi } from './openapi/docs-page.ts';
import { drift } from './routes/drift.ts';
import { feedback } from './routes/feedback.ts';
import { livez, readyz } from './routes/health.ts';
import { evaluate } from './routes/maintenance.ts';
import { listModels, showModel } from './routes/models.ts';
import { predict, predictBatch } from './routes/predict.ts';
import { quality } from './routes/quality.ts';
import { cancelRetraining, listRetrainings, retrain, showRetraining } from './routes/retrain.ts';
import { activate, listChanges, rollBack, setCanary, setShadow } from './routes/roles.ts';
import { limitInFlight } from './server/admission.ts';
import { answerProblems, refuseUnrouted } from './server/answer-problems.ts';
import { requireToken } from './server/authentication.ts';
import type { RequestState } from './server/context.ts';
import type { Service } from './server/service.ts';
import { traceRequest } from './server/trace-request.ts';

/** The routes that nearly all requests are for. */
function createPredictionRouter(service: Service): Router<RequestState> {
  const router = new Router<RequestState>();
  router.post('/predict', predict(service));
  router.post('/predict/batch', predictBatch(service));
  return router;
}

/** Every route. */
export function createRouter(service: Service): Router<RequestState> {
  const router = createPredictionRouter(service);
  router.post('/feedback', feedback(service));
  router.get('/quality', quality(service));
  router.get('/drift', drift(service));
  router.get('/models', listModels(service));
  router.get('/models/:name', showModel(service));
  router.get('/models/:name/changes', listChanges(service));
  router.post('/models/:name/activate', activate(service));
  router.post('/models/:name/rollback', rollBack(service));
  router.post('/models/:name/shadow', setShadow(service));
  router.post('/models/:name/canary', setCanary(service));
  router.post('/models/:name/retrain', retrain(service));
  router.get('/models/:name/retrain', listRetrainings(service));
  router.get('/models/:name/retrain/:job', showRetraining(service));
  router.delete('/models/:name/retrain/:job', cancelRetraining(service));
  router.post('/maintenance/evaluate', evaluate(service));
  router.get('/livez', livez());
  router.get('/readyz', readyz(service));
  routeInference(router, service);
  router.get('/openapi.json', openApi(service));
  router.get('/docs', docsPage());
  router.get('/docs/:file', docsFile());
  return router;
}

/** The HTTP API. */
export function createApp(service: Service): Koa<RequestState> {
  const app = new Koa<RequestState>();
  app.use(traceRequest(service.instruments.activeRequests));
  app.use(answerProblems(service));
  if (service.config.API_TOKENS) app.use(requireToken(service.config.API_TOKENS));
  app.use(limitInFlight(service.config.MAX_IN_FLIGHT, 'requests'));
  // A router tries each route it has on every request: those few first, by themselves.
  app.use(createPredictionRouter(service).routes());
  app.use(createRouter(service).routes());
  app.use(refuseUnrouted());
  // What fails after the response has begun (mostly: the client is gone) has no response to become.
  app.on('error', (error: unknown) => {
    service.log.debug('response failed', exceptionAttributes(error));
  });
  return app;
}
