import { setTimeout as delay } from 'node:timers/promises';

/** A sender of predictions at a steady rate. */
export interface SteadyTraffic {
  /** Replaces the texts to send. They are sent in a cycle. */
  use(texts: readonly string[]): void;
  stop(): Promise<void>;
}

/** Starts to send texts at a steady rate. Errors are ignored, since tests stop the service in the meantime. */
export function sendSteadily(service: string, texts: readonly string[], perSecond: number): SteadyTraffic {
  let current = texts;
  let running = true;
  let sent = 0;
  const inFlight = new Set<Promise<void>>();

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
      const sending = send(current[sent % current.length]!).catch(() => {});
      sent += 1;
      inFlight.add(sending);
      void sending.finally(() => inFlight.delete(sending));
    }
    await Promise.all(inFlight);
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
