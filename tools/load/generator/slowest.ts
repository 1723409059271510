import type { GoodAnswer } from './check-answer.ts';

/** A slow request, and the trace in which its time can be found. */
export interface SlowRequest {
  /** The latency from the time at which the request was due. */
  readonly milliseconds: number;
  readonly traceId: string;
  /** `NAME@VERSION`, or empty. */
  readonly version: string;
}

const MAX_LISTED = 10;

/** Creates a list of the slowest requests whose answers name their trace, the slowest first. */
export function createSlowest() {
  let slowest: SlowRequest[] = [];
  return {
    add(milliseconds: number, { traceId, model }: GoodAnswer): void {
      if (traceId === undefined) return;
      if (slowest.length === MAX_LISTED && milliseconds <= slowest[MAX_LISTED - 1]!.milliseconds) return;
      slowest.push({ milliseconds, traceId, version: model });
      slowest = slowestOf(slowest);
    },
    list: (): readonly SlowRequest[] => slowest,
  };
}

/** Returns the slowest of some requests, the slowest first. */
export function slowestOf(requests: readonly SlowRequest[]): SlowRequest[] {
  return requests.toSorted((a, b) => b.milliseconds - a.milliseconds).slice(0, MAX_LISTED);
}
