import type { Middleware } from 'koa';
import { measureQuality } from '../feedback/quality.ts';
import { chooseModel, durationParameter, stringParameter } from './parameters.ts';
import type { RequestState } from './request.ts';
import type { Service } from './service.ts';

/** `GET /quality?model=&window=`: how good the predictions were whose true labels came in. */
export function quality({ config, feedbackStore, models }: Service): Middleware<RequestState> {
  return async (ctx) => {
    const { name, version } = chooseModel(models(), stringParameter(ctx, 'model') ?? config.DEFAULT_MODEL);
    const window = durationParameter(ctx, 'window');
    const since = window === undefined ? undefined : Date.now() - window;
    const report = await measureQuality(feedbackStore, name, version, since);
    ctx.body = {
      model: { name, version },
      since: since === undefined ? null : new Date(since).toISOString(),
      ...report,
    };
  };
}
