import { z } from 'zod';
import type { Urls } from '../../tools/stack/components.ts';
import { promQuery } from '../../tools/stack/check/queries.ts';

const Decided = z.object({ action: z.string(), version: z.string().nullable(), reason: z.string() });

const Model = z.object({
  active: z.string(),
  shadow: z.string().nullable(),
  canary: z.string().nullable(),
  versions: z.array(z.object({ version: z.string() })),
  comparison: z.object({ shadow: z.object({ latencyRatio: z.object({ p99: z.number().nullable() }) }).nullable() }),
  retrain: z
    .object({
      state: z.string(),
      version: z.string().nullable(),
      documents: z.number().nullable(),
      failure: z.object({ detail: z.string() }).nullable(),
    })
    .nullable(),
  maintenance: z.object({
    recommendation: Decided.nullable(),
    waitingFor: z.string().nullable(),
    lastAction: Decided.extend({ at: z.iso.datetime() }).nullable(),
  }),
});

/** What `GET /models/{name}` says. */
export type ModelState = z.infer<typeof Model>;

/** Looks at a running stack. */
export interface Watch {
  model(): Promise<ModelState>;
  /** What the policy did last, where it is what is asked for. */
  didLast(action: string): Promise<ModelState | undefined>;
  /** Whether an alert has fired by now, as Prometheus has it. */
  hasFired(alert: string): Promise<true | undefined>;
  /** How often Alertmanager asked the service to look at its models, and was answered. */
  evaluationsAsked(): Promise<number>;
}

/** @param name of the model */
export function watch({ service, prometheus }: Urls, name: string): Watch {
  const model = async () => {
    const response = await fetch(`${service}/models/${name}`);
    if (!response.ok) throw new Error(`GET /models/${name} answered ${response.status}: ${await response.text()}`);
    return Model.parse(await response.json());
  };
  const answered = 'http_route="/maintenance/evaluate",http_response_status_code="200"';
  return {
    model,
    async didLast(action) {
      const state = await model();
      return state.maintenance.lastAction?.action === action ? state : undefined;
    },
    async hasFired(alert) {
      const firing = `max_over_time(ALERTS{alertname="${alert}",alertstate="firing"}[1h])`;
      return (await promQuery(prometheus, firing)).length > 0 ? true : undefined;
    },
    async evaluationsAsked() {
      const [sample] = await promQuery(prometheus, `sum(http_server_request_duration_seconds_count{${answered}})`);
      return sample?.value ?? 0;
    },
  };
}
