import { Problem } from '../../platform/problems.ts';
import type { RowFilters } from '../../recent/prediction-row.ts';
import type { AnswerTo, Question, Restricted } from '../../recent/queries/questions.ts';
import { FilterError } from '../../recent/queries/row-filters.ts';
import type { RequestContext } from '../server/context.ts';
import type { Service } from '../server/service.ts';

/** Returns the query parameters of a request as filters, without those of the route itself. */
export function filterParameters(ctx: RequestContext, own: readonly string[]): Restricted {
  const filters: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(ctx.query)) {
    if (value !== undefined && value !== '' && !own.includes(name)) filters[name] = value;
  }
  return restrict(ctx, filters);
}

/** Adds the limits of the caller's token to filters. */
export function restrict({ state: { caller } }: RequestContext, filters: RowFilters): Restricted {
  return { filters, ...(caller?.models && { models: [...caller.models] }) };
}

/**
 * Asks all workers for what they remember.
 *
 * @throws {Problem} 422 if a filter cannot be used
 */
export async function askWorkers<Q extends Question>({ recent }: Pick<Service, 'recent'>, question: Q) {
  try {
    return await recent.ask(question);
  } catch (error) {
    if (error instanceof FilterError) throw new Problem('invalid-request', error.message);
    throw error;
  }
}

/** Returns the rows of several workers in one list, latest first, and at most `limit`. */
export function mergeRows(
  answers: readonly Pick<AnswerTo<Question & { kind: 'rows' }>, 'times' | 'rows'>[],
  limit: number,
) {
  const [only, ...others] = answers;
  if (only && others.length === 0) return only.rows.slice(0, limit);
  return answers
    .flatMap(({ times, rows }) => rows.map((row, at) => ({ row, time: times[at]! })))
    .toSorted((a, b) => b.time - a.time)
    .slice(0, limit)
    .map(({ row }) => row);
}
