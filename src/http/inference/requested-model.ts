import type { RoutedModel } from '../../models/routing.ts';
import type { Model, Models } from '../../models/store.ts';
import { chooseAnswering, chooseModel } from '../routes/parameters.ts';
import type { RequestContext } from '../server/context.ts';

/**
 * The model that the path names, with or without a version.
 *
 * @throws {Problem} 404
 */
export function requestedModel(ctx: RequestContext, models: Models): Model {
  return chooseModel(models, referenceIn(ctx));
}

/**
 * The version that answers for the model that the path names.
 *
 * @throws {Problem} 404
 */
export function answeringModel(ctx: RequestContext, models: Models): RoutedModel {
  return chooseAnswering(ctx, models, referenceIn(ctx));
}

function referenceIn(ctx: RequestContext): string {
  const { name, version } = ctx['params'] as { name: string; version?: string };
  return version === undefined ? name : `${name}@${version}`;
}
