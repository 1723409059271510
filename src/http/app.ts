import Router from '@koa/router';
import Koa from 'koa';
import { inputExceptionAttributes } from '../telemetry/logs/log.ts';
import { authorize } from './access/authorize.ts';
import { refuseOtherSites } from './access/other-sites.ts';
import { showConsole, showConsoleFile } from './console/files/console-page.ts';
import { addConsoleRoutes } from './console/routes.ts';
import { showDocsFile, showDocsPage, showDocument } from './documentation/docs-page.ts';
import { showRunbooks } from './documentation/runbooks-page.ts';
import { addInferenceRoutes } from './inference/routes.ts';
import { queryParameters } from './openapi/document.ts';
import { correctFeedback, eraseFeedback, listReviews, recordFeedback } from './routes/feedback.ts';
import { pathHints, reportLiveness, reportReadiness } from './routes/health.ts';
import { evaluateModels } from './routes/maintenance.ts';
import { listModels, showModel } from './routes/models.ts';
import { predict, predictBatch } from './routes/predict.ts';
import { reportDrift, reportQuality } from './routes/quality.ts';
import { cancelRetraining, listRetrainings, showRetraining, startRetraining } from './routes/retrain.ts';
import { activate, listChanges, rollBack, setCanary, setShadow } from './routes/roles.ts';
import { createSlots, limitInFlight } from './server/admission.ts';
import { answerProblems, rejectUnrouted } from './server/answer-problems.ts';
import { createByteBudget } from './server/byte-budget.ts';
import type { RequestState } from './server/context.ts';
import type { Service } from './server/service.ts';
import { traceRequest } from './server/trace-request.ts';
import { refuseUnknownParameters } from './server/unknown-names.ts';

/** Creates the router of nearly all requests. */
function createPredictionRouter(service: Service): Router<RequestState> {
  const router = new Router<RequestState>();
  router.post('/predict', predict(service));
  router.post('/predict/batch', predictBatch(service));
  return router;
}

/** Creates the router of all routes. */
export function createRouter(service: Service): Router<RequestState> {
  const router = createPredictionRouter(service);
  router.get('/', showConsole(service));
  router.post('/feedback', recordFeedback(service));
  router.put('/feedback/:id', correctFeedback(service));
  router.delete('/feedback/:id', eraseFeedback(service));
  router.get('/reviews', listReviews(service));
  router.get('/quality', reportQuality(service));
  router.get('/drift', reportDrift(service));
  router.get('/models', listModels(service));
  router.get('/models/:name', showModel(service));
  router.get('/models/:name/changes', listChanges(service));
  router.post('/models/:name/activate', activate(service));
  router.post('/models/:name/rollback', rollBack(service));
  router.post('/models/:name/shadow', setShadow(service));
  router.post('/models/:name/canary', setCanary(service));
  router.post('/models/:name/retrain', startRetraining(service));
  router.get('/models/:name/retrain', listRetrainings(service));
  router.get('/models/:name/retrain/:job', showRetraining(service));
  router.delete('/models/:name/retrain/:job', cancelRetraining(service));
  router.post('/maintenance/evaluate', evaluateModels(service));
  router.get('/livez', reportLiveness());
  router.get('/readyz', reportReadiness(service));
  addInferenceRoutes(router, service);
  addConsoleRoutes(router, service);
  router.get('/openapi.json', showDocument(service));
  router.get('/docs', showDocsPage());
  router.get('/docs/runbooks', showRunbooks());
  router.get('/docs/:file', showDocsFile());
  router.get('/console/:file', showConsoleFile());
  return router;
}

/** Creates the Koa application of the HTTP API. */
export function createApp(service: Service): Koa<RequestState> {
  const app = new Koa<RequestState>();
  app.use(traceRequest(service.instruments.activeRequests, service.recent.tracker));
  app.use(answerProblems(service));
  const { MAX_IN_FLIGHT, MAX_BYTES_IN_FLIGHT, MAX_BODY_BYTES } = service.config;
  const { HOST: host, ALLOWED_HOSTS: allowedHosts, CORS_ORIGINS: corsOrigins } = service.config;
  app.use(refuseOtherSites({ host, allowedHosts, corsOrigins }));
  const router = createRouter(service);
  if (service.tokens) app.use(authorize({ router, tokens: service.tokens, log: service.log }));
  app.use(refuseUnknownParameters(router, queryParameters(service.config)));
  app.use(
    limitInFlight(
      createSlots(MAX_IN_FLIGHT, 'requests'),
      createByteBudget(Math.max(MAX_BYTES_IN_FLIGHT, MAX_BODY_BYTES)),
    ),
  );
  // A router tries each of its routes for each request, so the most frequent routes have a router of their own.
  app.use(createPredictionRouter(service).routes());
  app.use(router.routes());
  app.use(rejectUnrouted(pathHints(service.config)));
  // An error after the start of the response cannot change it. Mostly the client has disconnected.
  app.on('error', (error: unknown) => {
    service.log.debug('response failed', inputExceptionAttributes(error));
  });
  return app;
}
