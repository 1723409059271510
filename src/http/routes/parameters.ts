import { type RoutedModel, routeModel } from '../../models/routing.ts';
import { findModel, type Models, type ModelVersion } from '../../models/store.ts';
import { parseDurationMs } from '../../platform/durations.ts';
import { Problem } from '../../platform/problems.ts';
import { allowedModels, requireAllowedModel, requireScope } from '../server/caller.ts';
import type { RequestContext } from '../server/context.ts';
import type { Service } from '../server/service.ts';

/**
 * Returns the model of a reference, `NAME` or `NAME@VERSION`.
 *
 * @throws {Problem} 403 if the caller may not use the model, 404 if the model is not loaded
 */
export function requireModel(ctx: RequestContext, models: Models, reference: string): ModelVersion {
  requireAllowedModel(ctx, reference);
  const model = findModel(models, reference);
  if (model) return model;
  throw modelNotFoundProblem(ctx, models, reference);
}

/**
 * Returns the version that answers a request for `NAME` or `NAME@VERSION`. For a bare name it may be the canary. A named
 * version that is not in memory is loaded.
 *
 * @throws {Problem} 403 if the caller may not use the model, 404 if the model is not loaded or the version is damaged
 */
export async function requireRoutedModel(
  ctx: RequestContext,
  { registry }: Pick<Service, 'registry'>,
  reference: string,
): Promise<RoutedModel> {
  requireAllowedModel(ctx, reference);
  const found = await routeModel(registry(), reference, ctx.get('x-canary-key') || ctx.state.trace.traceId);
  if (!found) throw modelNotFoundProblem(ctx, registry().models(), reference);
  return found;
}

/** The maximum number of versions or models that a problem lists. */
const MAX_LISTED = 20;

/**
 * Returns the problem of a request for a model or a version that is not loaded. It lists the versions of a model that is
 * loaded, or the models that the caller may use. It does not quote the reference, which could be a text.
 */
export function modelNotFoundProblem(ctx: RequestContext, models: Models, reference: string): Problem {
  const at = reference.indexOf('@');
  const model = at === -1 ? undefined : models.get(reference.slice(0, at));
  const detail = model
    ? `The model ${JSON.stringify(model.name)} has no such version; there are: ${listed(model.versions.map(({ version }) => version))}.`
    : `No such model is loaded; there are: ${listed([...allowedModels(ctx, models).keys()])}.`;
  return new Problem('model-not-found', detail);
}

function listed(names: readonly string[]): string {
  const others = names.length - MAX_LISTED;
  return names.slice(0, MAX_LISTED).join(', ') + (others > 0 ? ` and ${others} more` : '');
}

/**
 * Returns a query parameter, or `undefined` if it is missing or empty.
 *
 * @throws {Problem} 422 if the parameter occurs more than once
 */
export function stringParameter(ctx: RequestContext, name: string): string | undefined {
  const value = ctx.query[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw new Problem('invalid-request', `The parameter "${name}" must be given once.`);
}

/** The number of features in an explanation without a number of its own. */
const DEFAULT_FEATURES = 20;

/**
 * Returns the number of features that the parameter `explain` requests. It is 20 for `true` or no value, and 0 without the
 * parameter.
 *
 * @throws {Problem} 422 for another value, 403 without the scope `explain`
 */
export function explainParameter(ctx: RequestContext): number {
  // Koa would parse the empty query of most requests.
  const value = ctx.querystring === '' ? undefined : ctx.query['explain'];
  if (value === undefined || value === 'false') return 0;
  requireScope(ctx, 'explain');
  if (value === 'true' || value === '') return DEFAULT_FEATURES;
  if (typeof value === 'string' && /^[1-9][0-9]{0,5}$/.test(value)) return Number(value);
  throw new Problem('invalid-request', 'The parameter "explain" must be true, false or a number of features from 1.');
}

/**
 * Returns the milliseconds of a query parameter with a duration in the notation of Prometheus.
 *
 * @throws {Problem} 422 for another value
 */
export function durationParameter(ctx: RequestContext, name: string): number | undefined {
  const value = stringParameter(ctx, name);
  if (value === undefined) return undefined;
  const milliseconds = /^[1-9]\d{0,5}[smhdw]$/.test(value) ? parseDurationMs(value) : undefined;
  if (milliseconds !== undefined) return milliseconds;
  throw new Problem('invalid-request', `The parameter "${name}" must be a duration such as 30m, 24h or 7d.`);
}
