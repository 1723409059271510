import type { Middleware } from 'koa';
import { Problem } from '../../platform/problems.ts';
import { mergeEvents, mergePoints } from '../../recent/history/merge-history.ts';
import { STEP_SECONDS } from '../../recent/history/process-history.ts';
import type { ProcessEvent, ProcessHistory } from '../../recent/prediction-row.ts';
import { stringParameter } from '../routes/parameters.ts';
import type { RequestContext, RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { askWorkers } from './filters.ts';

const MAX_MINUTES = 60;

/** `GET /process/history`: returns the measurements of the last hour, and what changed. */
export function showProcessHistory(service: Service): Middleware<RequestState> {
  return async (ctx) => {
    ctx.body = await readHistory(service, ctx, Date.now() - minutesParameter(ctx) * 60_000);
  };
}

/** Returns the measurements and the events after a time in milliseconds since the epoch. */
export async function readHistory(service: Service, ctx: RequestContext, after: number): Promise<ProcessHistory> {
  const { answers } = await askWorkers(service, { kind: 'history', after });
  const visible = ctx.state.caller?.models;
  const isVisible = ({ model, time }: ProcessEvent) =>
    Date.parse(time) > after && (model === undefined || visible === undefined || visible.has(model));
  return {
    stepSeconds: STEP_SECONDS,
    points: mergePoints(answers.map(({ points }) => points)),
    events: mergeEvents(answers.map(({ events }) => events)).filter(isVisible),
  };
}

function minutesParameter(ctx: RequestContext): number {
  const value = stringParameter(ctx, 'minutes');
  if (value === undefined) return MAX_MINUTES;
  const minutes = /^\d{1,2}$/.test(value) ? Number(value) : 0;
  if (minutes >= 1 && minutes <= MAX_MINUTES) return minutes;
  throw new Problem('invalid-request', `The parameter "minutes" must be a number from 1 to ${MAX_MINUTES}.`);
}
