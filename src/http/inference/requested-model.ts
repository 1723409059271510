import type { Model, Models } from '../../models/store.ts';
import { chooseModel } from '../parameters.ts';
import type { RequestContext } from '../request.ts';

/**
 * The model that the path names, with or without a version.
 *
 * @throws {Problem} 404
 */
export function requestedModel(ctx: RequestContext, models: Models): Model {
  const { name, version } = ctx['params'] as { name: string; version?: string };
  return chooseModel(models, version === undefined ? name : `${name}@${version}`);
}
