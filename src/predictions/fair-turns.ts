/** Turns of the event loop, taken one after the other by work that is too long for one. */
export interface Turns {
  /** Resolves when it is the caller's turn. What has come in meanwhile, from sockets and timers, was attended to first. */
  next(): Promise<void>;
}

/**
 * Gives out turns: one in each round of the event loop, in the order in which they were asked for. However many ask, others
 * wait for one turn at a time.
 */
export function createTurns(): Turns {
  const waiting: (() => void)[] = [];

  function give(): void {
    waiting.shift()!();
    // An immediate that is set while immediates run is one of the next round.
    if (waiting.length > 0) setImmediate(give);
  }

  return {
    next() {
      return new Promise((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 1) setImmediate(give);
      });
    },
  };
}
