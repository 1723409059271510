import type { Middleware } from 'koa';
import { z } from 'zod';
import { readJson } from '../server/body.ts';
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';

/** What `POST /maintenance/evaluate` takes: what Alertmanager's webhook sends (version 4), of which the models are read, or `{}`. */
export const evaluateBody = z.looseObject(
  {
    alerts: z
      .array(
        z.looseObject(
          {
            labels: z
              .record(z.string(), z.string('must be a string'), 'must be an object of strings')
              .meta({ description: '`model` names the model to look at' }),
          },
          'must be an object: {"labels": object}',
        ),
        'must be a list of alerts',
      )
      .optional(),
  },
  'must be an object, such as what the webhook of Alertmanager sends, or {}',
);

/** `POST /maintenance/evaluate`: looks at the models that the alerts name, or at all, without waiting for the next turn. */
export function evaluate({ config, maintenance }: Service): Middleware<RequestState> {
  return async (ctx) => {
    const { alerts } = await readJson(ctx, evaluateBody, config.MAX_BODY_BYTES);
    ctx.body = { evaluations: await maintenance().evaluate(modelsOf(alerts)) };
  };
}

/** The models that alerts name; undefined, which stands for all, where none does. */
function modelsOf(alerts: z.output<typeof evaluateBody>['alerts']): string[] | undefined {
  const names = new Set(alerts?.map(({ labels }) => labels['model']).filter((name) => name !== undefined));
  return names.size === 0 ? undefined : [...names];
}
