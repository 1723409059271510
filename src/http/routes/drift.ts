import type { Middleware } from 'koa';
import { DRIFT_WINDOW_MS } from '../../drift/drift-monitor.ts';
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { chooseModel, stringParameter } from './parameters.ts';

/** `GET /drift?model=`: how far the last hour's predictions are from the training data. */
export function drift({ config, driftMonitor, models }: Service): Middleware<RequestState> {
  return (ctx) => {
    const model = chooseModel(models(), stringParameter(ctx, 'model') ?? config.DEFAULT_MODEL);
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
