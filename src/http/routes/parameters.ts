import { type RoutedModel, routeModel } from '../../models/routing.ts';
import { findModel, type Model, type Models } from '../../models/store.ts';
import { parseDurationMs } from '../../platform/durations.ts';
import { Problem } from '../../platform/problems.ts';
import type { RequestContext } from '../server/context.ts';

/**
 * The model that `NAME` or `NAME@VERSION` stands for.
 *
 * @throws {Problem} 404 where it is not loaded
 */
export function chooseModel(models: Models, reference: string): Model {
  const model = findModel(models, reference);
  if (model) return model;
  throw modelNotLoaded(models, reference);
}

/**
 * The version that answers a request for `NAME` or `NAME@VERSION`: of the bare name it may be the canary.
 *
 * @throws {Problem} 404 where it is not loaded
 */
export function chooseAnswering(ctx: RequestContext, models: Models, reference: string): RoutedModel {
  const routed = routeModel(models, reference, ctx.get('x-canary-key') || ctx.state.trace.traceId);
  if (routed) return routed;
  throw modelNotLoaded(models, reference);
}

/** The problem of a request that names a model which is not loaded. */
export function modelNotLoaded(models: Models, reference: string): Problem {
  return new Problem(
    'model-not-found',
    `No model ${JSON.stringify(reference)} is loaded; there are: ${[...models.keys()].join(', ')}.`,
  );
}

/** A query parameter that may be there once. */
export function stringParameter(ctx: RequestContext, name: string): string | undefined {
  const value = ctx.query[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw new Problem('invalid-request', `The parameter "${name}" must be given once.`);
}

/** A query parameter that is true or false; alone, without a value, it is true. */
export function booleanParameter(ctx: RequestContext, name: string): boolean {
  const value = ctx.query[name];
  if (value === undefined || value === 'false') return false;
  if (value === 'true' || value === '') return true;
  throw new Problem('invalid-request', `The parameter "${name}" must be true or false.`);
}

/** A query parameter that is a time span as Prometheus writes it, in milliseconds. */
export function durationParameter(ctx: RequestContext, name: string): number | undefined {
  const value = stringParameter(ctx, name);
  if (value === undefined) return undefined;
  const milliseconds = /^[1-9]\d{0,5}[smhdw]$/.test(value) ? parseDurationMs(value) : undefined;
  if (milliseconds !== undefined) return milliseconds;
  throw new Problem('invalid-request', `The parameter "${name}" must be a time span such as 30m, 24h or 7d.`);
}
