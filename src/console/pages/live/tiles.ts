import { type ComponentChildren, h } from 'preact';
import type { ProcessMeasurements, ProcessPoint, WorkerMeasurements } from '../../../recent/prediction-row.ts';
import { Spark } from '../../charts/lines.ts';
import { durationParts, formatMegabytes, formatNumber } from '../../view/format.ts';

interface TilesProps {
  readonly workers: readonly WorkerMeasurements[];
  readonly points: readonly ProcessPoint[];
}

/** The number of the newest points of the last hour behind a tile. */
const SPARK_POINTS = 90;

/** The measurements of this second, each with the line of the last quarter of an hour. */
export function Tiles({ workers, points }: TilesProps): ComponentChildren {
  const last = points.at(-1);
  const now = workers.length > 0 ? together(workers) : last;
  const recent = points.slice(-SPARK_POINTS);
  const tile = (
    title: string,
    parts: readonly [string, string] | undefined,
    of: (point: ProcessMeasurements) => number | null,
  ) =>
    h(
      'div',
      { key: title, class: 'tile panel' },
      h('dt', null, title),
      h('dd', null, parts?.[0] ?? '–', h('small', null, parts?.[1] ?? '')),
      h('dd', { class: 'spark-cell', 'aria-hidden': 'true' }, h(Spark, { values: recent.map(of) })),
    );
  const time = (seconds: number | null | undefined) => (seconds == null ? undefined : durationParts(seconds));
  return h(
    'dl',
    { class: 'tiles now', 'aria-label': 'Now' },
    tile('Requests', now && [formatNumber(now.requestsPerSecond), '/s'], (point) => point.requestsPerSecond),
    tile('Errors', now && [formatNumber(errorShare(now) * 100), '%'], errorShare),
    tile('p50', time(now?.p50Seconds ?? last?.p50Seconds), (point) => point.p50Seconds),
    tile('p95', time(now?.p95Seconds ?? last?.p95Seconds), (point) => point.p95Seconds),
    tile('p99', time(now?.p99Seconds ?? last?.p99Seconds), (point) => point.p99Seconds),
    tile('CPU', now && [formatNumber(now.cpuRatio), now.cpuRatio === 1 ? 'core' : 'cores'], (point) => point.cpuRatio),
    tile('Memory', now && [formatMegabytes(now.memoryBytes), 'MB'], (point) => point.memoryBytes),
    tile('Loop delay', time(now?.eventLoopDelaySeconds), (point) => point.eventLoopDelaySeconds),
  );
}

/** Returns the share of requests that failed. */
export function errorShare({ requestsPerSecond, errorsPerSecond }: ProcessMeasurements): number {
  return requestsPerSecond === 0 ? 0 : Math.min(1, errorsPerSecond / requestsPerSecond);
}

/** Adds workers up. Of the quantiles and delays the largest counts: that of all requests together is not known. */
function together(workers: readonly WorkerMeasurements[]): ProcessMeasurements {
  const sum = (of: (worker: WorkerMeasurements) => number) => workers.reduce((total, worker) => total + of(worker), 0);
  const largest = (of: (worker: WorkerMeasurements) => number | null) => {
    const values = workers.map(of).filter((value) => value !== null);
    return values.length === 0 ? null : Math.max(...values);
  };
  return {
    requestsPerSecond: sum((worker) => worker.requestsPerSecond),
    errorsPerSecond: sum((worker) => worker.errorsPerSecond),
    p50Seconds: largest((worker) => worker.p50Seconds),
    p95Seconds: largest((worker) => worker.p95Seconds),
    p99Seconds: largest((worker) => worker.p99Seconds),
    cpuRatio: sum((worker) => worker.cpuRatio),
    memoryBytes: sum((worker) => worker.memoryBytes),
    eventLoopDelaySeconds: largest((worker) => worker.eventLoopDelaySeconds) ?? 0,
  };
}
