import { z } from 'zod';
import { promQuery } from '../../tools/stack/check/queries.ts';
import type { Urls } from '../../tools/stack/components.ts';

const actionSchema = z.object({ action: z.string(), version: z.string().nullable(), reason: z.string() });

const modelSchema = z.object({
  active: z.string(),
  shadow: z.string().nullable(),
  canary: z.string().nullable(),
  versions: z.array(z.object({ version: z.string() })),
  retrain: z
    .object({
      state: z.string(),
      version: z.string().nullable(),
      documents: z.number().nullable(),
      failure: z.object({ detail: z.string() }).nullable(),
    })
    .nullable(),
  maintenance: z.object({
    recommendation: actionSchema.nullable(),
    waitingFor: z.string().nullable(),
    lastAction: actionSchema.extend({ at: z.iso.datetime() }).nullable(),
  }),
});

/** The answer of `GET /models/{name}`. */
export type ModelState = z.infer<typeof modelSchema>;

/** Queries on the state of a running stack. */
export interface Observer {
  /** Returns the state of the model. */
  model(): Promise<ModelState>;
  /** Returns the state of the model if the last action of the policy is this one, otherwise `undefined`. */
  modelAfter(action: string): Promise<ModelState | undefined>;
  /** Returns true if Prometheus has fired an alert so far, otherwise `undefined`. */
  hasFired(alert: string): Promise<true | undefined>;
  /** Returns the number of evaluations that Alertmanager has requested and the service has answered. */
  evaluationCount(): Promise<number>;
}

/** Creates an observer of the model with this name. */
export function createObserver({ service, prometheus }: Pick<Urls, 'service' | 'prometheus'>, name: string): Observer {
  const model = async () => {
    const response = await fetch(`${service}/models/${name}`);
    if (!response.ok) throw new Error(`GET /models/${name} answered ${response.status}: ${await response.text()}`);
    return modelSchema.parse(await response.json());
  };
  const evaluations = 'http_route="/maintenance/evaluate",http_response_status_code="200"';
  return {
    model,
    async modelAfter(action) {
      const state = await model();
      return state.maintenance.lastAction?.action === action ? state : undefined;
    },
    async hasFired(alert) {
      const firing = `max_over_time(ALERTS{alertname="${alert}",alertstate="firing"}[1h])`;
      return (await promQuery(prometheus, firing)).length > 0 ? true : undefined;
    },
    async evaluationCount() {
      const [sample] = await promQuery(prometheus, `sum(http_server_request_duration_seconds_count{${evaluations}})`);
      return sample?.value ?? 0;
    },
  };
}
