import { parentPort, workerData } from 'node:worker_threads';
import { now } from './clock.ts';
import { LEAD_MS, type PacerMemory } from './pacer.ts';

/**
 * The thread of a pacer. It sends a message shortly before each due time of the present schedule, and sleeps otherwise. It
 * blocks its event loop, so it is ordered about by shared memory.
 */
const { turn, schedule } = workerData as PacerMemory;
let present = 0;
parentPort!.postMessage('started');
while (present >= 0) {
  Atomics.wait(turn, 0, present);
  present = Atomics.load(turn, 0);
  const [from = 0, intervalMs = 1, count = 0] = schedule;
  if (present > 0) wakeForEach(from, intervalMs, count);
}

/** Sends the messages of one schedule, until another one replaces it. One message is enough for due times that are near. */
function wakeForEach(from: number, intervalMs: number, count: number): void {
  for (let number = 0; number < count; ) {
    const milliseconds = from + number * intervalMs - LEAD_MS - now();
    if (milliseconds > 0 && Atomics.wait(turn, 0, present, milliseconds) !== 'timed-out') return;
    // Read before the message is sent: a due time that comes while this thread is interrupted after it needs another one.
    const announced = now() + LEAD_MS;
    parentPort!.postMessage('due');
    number = Math.max(number + 1, Math.floor((announced - from) / intervalMs) + 1);
  }
}
