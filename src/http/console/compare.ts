import type { Middleware } from 'koa';
import { z } from 'zod';
import { SIDE, type Table } from '../../insights/table.ts';
import type { CompareRequest, Comparison } from '../../recent/prediction-row.ts';
import { baselineOf } from '../../recent/queries/comparison-table.ts';
import { overloaded } from '../server/admission.ts';
import { readJson } from '../server/body.ts';
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { findChanges } from './changes.ts';
import { askWorkers, restrict } from './filters.ts';
import { readHistory } from './process-history.ts';
import { promqlOf } from './promql.ts';

const HOUR_MS = 3_600_000;

const filters = z.record(
  z.string().max(64),
  z.union([z.string().max(1_000), z.array(z.string().max(1_000)).max(100)], 'must be a string or an array of strings'),
  'must be an object of filters',
);

/** The body of `POST /compare`. */
export const compareBody = z.strictObject(
  { selection: filters, baseline: filters.optional() },
  'must be an object: {"selection": filters, "baseline"?: filters}',
);

/** `POST /compare`: says what is different about some predictions. */
export function comparePredictions(service: Service): Middleware<RequestState> {
  return async (ctx) => {
    const started = performance.now();
    const body: CompareRequest = await readJson(ctx, compareBody, service.config.MAX_BODY_BYTES);
    const now = Date.now();
    const selection = restrict(ctx, body.selection);
    const baseline = restrict(ctx, body.baseline ?? baselineOf(body.selection, now));
    const { answers } = await askWorkers(service, { kind: 'table', selection, baseline });
    const [first, ...others] = answers;
    alignStarts(answers);
    const window = windowOf(answers) ?? { from: now, to: now };
    const comparing = service.comparer.compare([first!, ...others]);
    if (comparing === undefined) throw overloaded('Other comparisons are running.');
    const { findings, ...result } = await comparing;
    const comparison: Comparison = {
      ...result,
      findings: findings.map((finding) => {
        const promql = promqlOf(finding.conditions);
        return { ...finding, ...(promql !== undefined && { promql }) };
      }),
      changes: findChanges(await readHistory(service, ctx, now - HOUR_MS), window.from, window.to),
      seconds: (performance.now() - started) / 1000,
    };
    ctx.body = comparison;
  };
}

/** Leaves out rows of a time that another worker has already forgotten, so that no worker stands for a time alone. */
function alignStarts(tables: readonly Table[]): void {
  if (tables.length < 2) return;
  const start = Math.max(
    ...tables.filter(({ isFull }) => isFull).map(({ time }) => time.reduce(earlier, Number.POSITIVE_INFINITY)),
  );
  for (const { side, time } of tables) {
    for (let row = 0; row < side.length; row += 1) if (time[row]! < start) side[row] = SIDE.none;
  }
}

/** Unused places of a table have the time 0. */
function earlier(a: number, b: number): number {
  return b > 0 && b < a ? b : a;
}

/** Returns the time of the selected rows. */
function windowOf(tables: readonly Table[]): { from: number; to: number } | undefined {
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (const { side, time } of tables) {
    for (let row = 0; row < side.length; row += 1) {
      if (side[row] !== SIDE.selection) continue;
      from = Math.min(from, time[row]!);
      to = Math.max(to, time[row]!);
    }
  }
  return to === 0 ? undefined : { from, to };
}
