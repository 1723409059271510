import type { RoutedModel } from '../../models/routing.ts';
import type { Models, ModelVersion } from '../../models/store.ts';
import { requireModel, requireRoutedModel } from '../routes/parameters.ts';
import type { RequestContext } from '../server/context.ts';
import type { Service } from '../server/service.ts';

/**
 * Returns the model in the path of a request, with or without a version.
 *
 * @throws {Problem} 404 if the model is not loaded
 */
export function modelInPath(ctx: RequestContext, models: Models): ModelVersion {
  return requireModel(ctx, models, referenceInPath(ctx));
}

/**
 * Returns the version that answers a request for the model in its path. It may be the canary.
 *
 * @throws {Problem} 404 if the model is not loaded
 */
export function routedModelInPath(ctx: RequestContext, service: Pick<Service, 'registry'>): Promise<RoutedModel> {
  return requireRoutedModel(ctx, service, referenceInPath(ctx));
}

function referenceInPath(ctx: RequestContext): string {
  const { name, version } = ctx['params'] as { name: string; version?: string };
  return version === undefined ? name : `${name}@${version}`;
}
