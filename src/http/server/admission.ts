import type { Middleware } from 'koa';
import { Problem } from '../../platform/problems.ts';
import type { ByteBudget } from './byte-budget.ts';
import { isHealthCheck, type RequestState } from './context.ts';

/** The methods whose routes read a body. Their requests count from the moment the body is complete. */
const METHODS_WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);

/** An answer of fewer bytes is left to the kernel and the limits of connections. */
const LARGE_ANSWER_BYTES = 65_536;

/** The noun for requests in the detail of problems. */
type Noun = 'requests' | 'messages';

/** The routes whose requests only compute. All others can wait for a disk or a lock. */
const COMPUTING_PATH = /^\/(?:predict(?:\/batch)?|v2\/models\/.*|messages)$/;

/** The share of the limit for requests that can wait, so that their wait never costs a prediction. */
const WAITING_SHARE = 0.25;

/** The number of requests of one kind that may be in progress. */
export interface Slots {
  /** Takes a slot. @throws {Problem} 503 if none is free */
  take(): void;
  /** Throws the problem that `take` would throw now. @throws {Problem} 503 if no slot is free */
  check(): void;
  release(): void;
}

/** The slots of a server, by the kind of requests. */
export interface ServerSlots {
  readonly computing: Slots;
  /** The slots of requests that can wait for a disk or a lock, such as feedback. */
  readonly waiting: Slots;
}

/**
 * Creates `limit` slots for requests that only compute, and a quarter as many for others.
 *
 * @param noun the plural noun for the requests in the detail of problems
 */
export function createSlots(limit: number, noun: Noun): ServerSlots {
  return { computing: createPool(limit, noun), waiting: createPool(Math.ceil(limit * WAITING_SHARE), noun) };
}

function createPool(limit: number, noun: Noun): Slots {
  let taken = 0;
  function check(): void {
    if (taken >= limit) throw overloaded(`${limit} ${noun} are in progress, the maximum.`);
  }
  return {
    check,
    take() {
      check();
      taken += 1;
    },
    release() {
      taken -= 1;
    },
  };
}

/** Returns the problem of a limit that is reached. */
export function overloaded(fault: string): Problem {
  return new Problem('overloaded', `${fault} Retry later.`, { 'retry-after': '1' });
}

/** The share of the limits that one request holds. `readBody` takes the slot once the body is complete. */
export class Admission {
  readonly #slots: Slots;
  readonly budget: ByteBudget;
  #hasSlot = false;
  /** The bytes of the complete body, until the request ends. */
  #bodyBytes = 0;

  constructor(slots: Slots, budget: ByteBudget) {
    this.#slots = slots;
    this.budget = budget;
  }

  /** Takes the slot of the request, unless it has one. @throws {Problem} 503 if none is free */
  enter(): void {
    if (this.#hasSlot) return;
    this.#slots.take();
    this.#hasSlot = true;
  }

  /**
   * Takes the slot of a request whose body is complete.
   *
   * @param bytes the length of the body
   * @throws {Problem} 503 if no slot is free
   */
  complete(bytes: number): void {
    this.#bodyBytes = bytes;
    this.budget.take(bytes);
    this.enter();
  }

  release(): void {
    if (this.#hasSlot) this.#slots.release();
    this.budget.release(this.#bodyBytes);
  }
}

/**
 * Returns a middleware that rejects requests (503) while too many are in progress, or too many bytes of bodies are in
 * memory. A client that sends its body slowly takes no slot. Health checks are exempt.
 */
export function limitInFlight({ computing, waiting }: ServerSlots, budget: ByteBudget): Middleware<RequestState> {
  return async function limitInFlight(ctx, next) {
    if (isHealthCheck(ctx)) return next();
    const slots = COMPUTING_PATH.test(ctx.path) ? computing : waiting;
    const admission = new Admission(slots, budget);
    if (METHODS_WITH_BODY.has(ctx.method)) slots.check();
    else admission.enter();
    ctx.state.admission = admission;
    try {
      await next();
    } finally {
      admission.release();
      const { res } = ctx;
      // A large answer stays in memory until its client has read it.
      if (res.writableLength > LARGE_ANSWER_BYTES && !res.writableFinished) {
        const answer = budget.hold(() => res.destroy());
        res.once('close', () => answer.end());
        answer.add(res.writableLength);
      }
    }
  };
}
