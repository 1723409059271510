import type { Middleware } from 'koa';
import { DRIFT_WINDOW_MS } from '../../drift/drift-monitor.ts';
import { versionKeyOf } from '../../feedback/experiment-log.ts';
import { measureQuality } from '../../feedback/quality.ts';
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { durationParameter, requireModel, stringParameter } from './parameters.ts';

/** The clocks of replicas differ by less than this. */
const MAX_SKEW_MS = 60_000;

/** `GET /quality?model=&window=`: returns scores of the predictions that have feedback. */
export function reportQuality({ config, feedbackStore, driftMonitor, models }: Service): Middleware<RequestState> {
  return async (ctx) => {
    const model = requireModel(ctx, models(), stringParameter(ctx, 'model') ?? config.DEFAULT_MODEL);
    const { name, version } = model;
    const window = durationParameter(ctx, 'window');
    const now = Date.now();
    const [since, until] = window === undefined ? [] : [now - window, now + MAX_SKEW_MS];
    const report = await measureQuality(feedbackStore, versionKeyOf(model), since, until);
    const { meanConfidence, predictions } = driftMonitor.report(model);
    ctx.body = {
      model: { name, version },
      since: since === undefined ? null : new Date(since).toISOString(),
      ...report,
      // The accuracy of a calibrated model equals its mean confidence. Without labels this is the only estimate.
      estimate: {
        isEstimate: true,
        method: 'mean calibrated confidence of the last hour',
        accuracy: meanConfidence,
        predictions,
      },
    };
  };
}

/** `GET /drift?model=`: returns the distance of the last hour's predictions from the training data, by feature. */
export function reportDrift({ config, driftMonitor, models }: Service): Middleware<RequestState> {
  return (ctx) => {
    const model = requireModel(ctx, models(), stringParameter(ctx, 'model') ?? config.DEFAULT_MODEL);
    const { verdict, predictions, features } = driftMonitor.report(model);
    ctx.body = {
      model: { name: model.name, version: model.version },
      windowSeconds: DRIFT_WINDOW_MS / 1_000,
      predictions,
      verdict,
      features: Object.fromEntries(features.map(({ feature, ...report }) => [feature, report])),
    };
  };
}
