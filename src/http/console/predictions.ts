import type { Middleware } from 'koa';
import { Problem } from '../../platform/problems.ts';
import { parseTime } from '../../recent/queries/row-filters.ts';
import { stringParameter } from '../routes/parameters.ts';
import { answerJson, type RequestContext, type RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { askWorkers, filterParameters, mergeRows } from './filters.ts';

const DEFAULT_LIMIT = 200;
const MAX_LIMIT = 10_000;

/** The parameters of the route that are no filters. */
const OWN_PARAMETERS = ['limit', 'before'];

/** `GET /predictions`: returns the latest predictions that the service remembers. */
export function listPredictions(service: Service): Middleware<RequestState> {
  return async (ctx) => {
    const limit = limitParameter(ctx);
    const before = timeParameter(ctx, 'before');
    const filters = filterParameters(ctx, OWN_PARAMETERS);
    const { answers, workers } = await askWorkers(service, {
      kind: 'rows',
      filters,
      limit,
      ...(before !== undefined && { before }),
    });
    const sum = (figure: (answer: (typeof answers)[number]) => number) =>
      answers.reduce((total, answer) => total + figure(answer), 0);
    const kept = JSON.stringify({
      rows: sum((answer) => answer.kept),
      of: sum(({ total }) => total),
      since: new Date(Math.min(...answers.map(({ since }) => since))).toISOString(),
    });
    const rows = mergeRows(answers, limit).join();
    answerJson(ctx, `{"predictions":[${rows}],"kept":${kept},"workers":${JSON.stringify(workers)}}`);
  };
}

function limitParameter(ctx: RequestContext): number {
  const value = stringParameter(ctx, 'limit');
  if (value === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new Problem('invalid-request', `The parameter "limit" must be a number from 1 to ${MAX_LIMIT}.`);
}

function timeParameter(ctx: RequestContext, name: string): number | undefined {
  const value = stringParameter(ctx, name);
  if (value === undefined) return undefined;
  const time = parseTime(value);
  if (time !== undefined) return time;
  throw new Problem(
    'invalid-request',
    `The parameter "${name}" must be a time in ISO 8601, such as 2026-11-26T12:00:00Z.`,
  );
}
