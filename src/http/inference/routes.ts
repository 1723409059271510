import type Router from '@koa/router';
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { infer } from './infer.ts';
import { describeServer, describeTensors, modelIsReady, serverIsLive, serverIsReady } from './metadata.ts';
import { indexRepository, loadIntoService, unloadFromService } from './repository.ts';

/** The Open Inference Protocol's routes: what a client of any inference server asks, answered by Waymark. */
export function routeInference(router: Router<RequestState>, service: Service): void {
  router.get('/v2', describeServer());
  router.get('/v2/health/live', serverIsLive());
  router.get('/v2/health/ready', serverIsReady(service));
  for (const model of ['/v2/models/:name', '/v2/models/:name/versions/:version']) {
    router.get(model, describeTensors(service));
    router.get(`${model}/ready`, modelIsReady(service));
    router.post(`${model}/infer`, infer(service));
  }
  router.post('/v2/repository/index', indexRepository(service));
  router.post('/v2/repository/models/:name/load', loadIntoService(service));
  router.post('/v2/repository/models/:name/unload', unloadFromService(service));
}
