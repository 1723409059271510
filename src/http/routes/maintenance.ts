import type { Middleware } from 'koa';
import { z } from 'zod';
import { readJson } from '../server/body.ts';
import { boundedArray } from '../server/bounded-array.ts';
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';

/** The maximum number of alerts in a request. Alertmanager groups them, so a group has some tens. */
const MAX_ALERTS = 1_000;

/**
 * The body of `POST /maintenance/evaluate`: that of Alertmanager's webhook (version 4), or `{}`. Only the models are
 * read.
 */
export const evaluateBody = z.looseObject(
  {
    alerts: boundedArray(
      z.looseObject(
        {
          labels: z
            .looseObject({ model: z.string('must be a string').optional() }, 'must be an object')
            .meta({ description: '`model` is the name of the model to evaluate' }),
        },
        'must be an object: {"labels": object}',
      ),
      'must be a list of alerts',
      { max: MAX_ALERTS },
    ).optional(),
  },
  "must be an object, such as the body of Alertmanager's webhook, or {}",
);

/** `POST /maintenance/evaluate`: evaluates the models that the alerts name, or all models, at once. */
export function evaluateModels({ config, maintenance }: Service): Middleware<RequestState> {
  return async (ctx) => {
    const { alerts } = await readJson(ctx, evaluateBody, config.MAX_BODY_BYTES);
    const allowed = ctx.state.caller?.models;
    const named = modelsOf(alerts) ?? (allowed && [...allowed]);
    ctx.body = {
      evaluations: await maintenance().evaluate(named?.filter((name) => allowed === undefined || allowed.has(name))),
    };
  };
}

/** Returns the names of the models in alerts, or `undefined` for all models if no alert names one. */
function modelsOf(alerts: z.output<typeof evaluateBody>['alerts']): string[] | undefined {
  const names = new Set(alerts?.map(({ labels }) => labels.model).filter((name) => name !== undefined));
  return names.size === 0 ? undefined : [...names];
}
