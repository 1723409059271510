import type { Middleware } from 'koa';
import { measureQuality } from '../../feedback/quality.ts';
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { chooseModel, durationParameter, stringParameter } from './parameters.ts';

/** `GET /quality?model=&window=`: how good the predictions were whose true labels came in. */
export function quality({ config, feedbackStore, driftMonitor, models }: Service): Middleware<RequestState> {
  return async (ctx) => {
    const model = chooseModel(models(), stringParameter(ctx, 'model') ?? config.DEFAULT_MODEL);
    const { name, version } = model;
    const window = durationParameter(ctx, 'window');
    const since = window === undefined ? undefined : Date.now() - window;
    const report = await measureQuality(feedbackStore, name, version, since);
    const { meanConfidence, predictions } = driftMonitor.report(model);
    ctx.body = {
      model: { name, version },
      since: since === undefined ? null : new Date(since).toISOString(),
      ...report,
      // A calibrated model is right as often as it is sure. Without labels that is all there is to go by.
      estimate: {
        isEstimate: true,
        method: 'mean calibrated confidence of the last hour',
        accuracy: meanConfidence,
        predictions,
      },
    };
  };
}
