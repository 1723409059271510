import type { PredictionMemory } from '../memory/prediction-memory.ts';
import { predictionRouteOf, RecentRequest } from '../memory/recent-request.ts';
import type { ProcessHistory } from './process-history.ts';

/** The number of garbage collections that are remembered for requests in progress. */
const MAX_COLLECTIONS = 64;

/** The status of requests that make no row: their callers have no right to predictions, and could fill the memory. */
const REFUSED = new Set([401, 403]);

/** Follows the requests for predictions from their start to their end. */
export class RequestTracker {
  readonly #memory: PredictionMemory;
  readonly #history: ProcessHistory;
  /** The latest garbage collections: start and end in milliseconds of the monotonic clock. */
  readonly #collections: [from: number, to: number][] = [];
  #lastCollectionEnd = 0;

  constructor(memory: PredictionMemory, history: ProcessHistory) {
    this.#memory = memory;
    this.#history = history;
  }

  /**
   * Records the start of a request.
   *
   * @param now in milliseconds of the monotonic clock
   * @returns `undefined` if the request is not for predictions
   */
  start(method: string, path: string, traceId: string, spanId: string, now: number): RecentRequest | undefined {
    const route = predictionRouteOf(method, path);
    if (route === -1) return undefined;
    const request = new RecentRequest(route, traceId, spanId, now);
    this.#memory.state.inFlight += 1;
    if (request.isBatch) this.#memory.state.batches += 1;
    return request;
  }

  /**
   * Records the end of a request.
   *
   * @param status 0 if the client disconnected before the response
   * @param epoch the milliseconds since the epoch at which the monotonic clock was 0
   */
  end(request: RecentRequest, status: number, now: number, epoch: number): void {
    request.isEnded = true;
    if (!REFUSED.has(status)) {
      const gc = this.#lastCollectionEnd > request.started ? this.#gcSecondsSince(request.started) : 0;
      this.#memory.end(request, status, now, epoch, gc);
      this.#history.count((now - request.started) / 1000, status < 200 || status >= 500);
    }
    // Last, because the row of a failed request counts this request among those in progress.
    const { state } = this.#memory;
    state.inFlight -= 1;
    if (request.isBatch) state.batches -= 1;
  }

  /** Records a garbage collection, some time after it. Times are in milliseconds of the monotonic clock. */
  recordGc(from: number, milliseconds: number, epoch: number): void {
    this.#lastCollectionEnd = from + milliseconds;
    this.#collections.push([from, from + milliseconds]);
    if (this.#collections.length > MAX_COLLECTIONS) this.#collections.shift();
    this.#memory.recordGc(epoch + from, milliseconds);
  }

  #gcSecondsSince(started: number): number {
    let milliseconds = 0;
    for (const [from, to] of this.#collections) if (to > started) milliseconds += to - Math.max(from, started);
    return milliseconds / 1000;
  }
}
