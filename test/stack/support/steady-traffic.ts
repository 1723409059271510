import { setTimeout as delay } from 'node:timers/promises';

/** Predictions at a steady rate, until they are stopped. */
export interface SteadyTraffic {
  /** The texts that are sent from now on, in turn. */
  use(texts: readonly string[]): void;
  stop(): Promise<void>;
}

/** Sends texts one by one, whatever becomes of each: the service may be stopped meanwhile. */
export function sendSteadily(service: string, texts: readonly string[], perSecond: number): SteadyTraffic {
  let current = texts;
  let running = true;
  let sent = 0;
  const underWay = new Set<Promise<void>>();

  const send = async (text: string) => {
    const body = JSON.stringify({ text });
    const response = await fetch(`${service}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    await response.arrayBuffer();
  };
  const loop = async () => {
    const started = performance.now();
    for (let due = 0; running; due += 1_000 / perSecond) {
      await delay(Math.max(0, started + due - performance.now()));
      const one = send(current[sent % current.length]!).catch(() => {});
      sent += 1;
      underWay.add(one);
      void one.finally(() => underWay.delete(one));
    }
    await Promise.all(underWay);
  };
  const done = loop();

  return {
    use(others) {
      current = others;
    },
    async stop() {
      running = false;
      await done;
    },
  };
}
