/** Bytes that a slow client keeps in memory: a body that arrives, or an answer that is not read. */
export interface HeldBytes {
  /** Adds bytes. It may cancel these or older held bytes, if too many are in memory. */
  add(bytes: number): void;
  /** Releases the bytes. */
  end(): void;
}

/** The number of bytes of bodies and answers that may be in memory. */
export interface ByteBudget {
  /** Holds bytes for a client. `cancel` is called if they are given up for others: it must call `end`. */
  hold(cancel: () => void): HeldBytes;
  /** Counts bytes that are not held for a slow client, such as those of a complete body. It may cancel held bytes. */
  take(bytes: number): void;
  release(bytes: number): void;
}

/**
 * Creates a budget of `limit` bytes. When it is spent, the client that has taken longest so far is given up. So slow clients
 * cannot keep others out.
 */
export function createByteBudget(limit: number): ByteBudget {
  /** In the order of their first bytes. */
  const held = new Map<HeldBytes, () => void>();
  let used = 0;

  function makeRoom(): void {
    for (const [bytes, cancel] of held) {
      if (used <= limit) return;
      held.delete(bytes);
      cancel();
    }
  }

  return {
    hold(cancel) {
      let size = 0;
      let ended = false;
      const bytes: HeldBytes = {
        add(more) {
          if (ended) return;
          if (size === 0) held.set(bytes, cancel);
          size += more;
          used += more;
          if (used > limit) makeRoom();
        },
        end() {
          if (ended) return;
          ended = true;
          held.delete(bytes);
          used -= size;
        },
      };
      return bytes;
    },
    take(bytes) {
      used += bytes;
      if (used > limit) makeRoom();
    },
    release(bytes) {
      used -= bytes;
    },
  };
}
