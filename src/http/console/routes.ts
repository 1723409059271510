import type Router from '@koa/router';
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { comparePredictions } from './compare.ts';
import { showConsoleSettings } from './console-settings.ts';
import { listPredictions } from './predictions.ts';
import { showProcessHistory } from './process-history.ts';
import { streamPredictions } from './stream.ts';
import { showTrace } from './traces.ts';

/** Adds the routes that the console reads. */
export function addConsoleRoutes(router: Router<RequestState>, service: Service): void {
  router.get('/predictions', listPredictions(service));
  router.get('/predictions/stream', streamPredictions(service));
  router.get('/process/history', showProcessHistory(service));
  router.get('/traces/:traceId', showTrace(service));
  router.post('/compare', comparePredictions(service));
  router.get('/console/settings', showConsoleSettings(service));
}
