import type { RoutedModel } from '../../models/routing.ts';
import type { Model, Models } from '../../models/store.ts';
import { requireModel, requireRoutedModel } from '../routes/parameters.ts';
import type { RequestContext } from '../server/context.ts';

/**
 * Returns the model in the path of a request, with or without a version.
 *
 * @throws {Problem} 404 if the model is not loaded
 */
export function modelInPath(ctx: RequestContext, models: Models): Model {
  return requireModel(ctx, models, referenceInPath(ctx));
}

/**
 * Returns the version that answers a request for the model in its path. It may be the canary.
 *
 * @throws {Problem} 404 if the model is not loaded
 */
export function routedModelInPath(ctx: RequestContext, models: Models): RoutedModel {
  return requireRoutedModel(ctx, models, referenceInPath(ctx));
}

function referenceInPath(ctx: RequestContext): string {
  const { name, version } = ctx['params'] as { name: string; version?: string };
  return version === undefined ? name : `${name}@${version}`;
}
