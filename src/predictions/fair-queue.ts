/** A queue for long work that is split into many turns of the event loop. */
export interface FairQueue {
  /** Resolves at the caller's next turn. The events of sockets and timers are handled before the turn. */
  nextTurn(): Promise<void>;
}

/**
 * Creates a queue that gives one turn per round of the event loop, in the order of the calls. Other work waits for one
 * turn at most, however long the queue is.
 */
export function createFairQueue(): FairQueue {
  const waiting: (() => void)[] = [];

  function giveTurn(): void {
    waiting.shift()!();
    // An immediate that is set by another immediate runs in the next round.
    if (waiting.length > 0) setImmediate(giveTurn);
  }

  return {
    nextTurn() {
      return new Promise((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 1) setImmediate(giveTurn);
      });
    },
  };
}
