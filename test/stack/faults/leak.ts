/** A preload for the service: leaks 3 MB of heap per second. */
import { isMainThread } from 'node:worker_threads';

const leaked: number[][] = [];
const NUMBERS_PER_SECOND = 3 * 1024 * 128;

if (isMainThread) {
  setInterval(() => leaked.push(Array.from({ length: NUMBERS_PER_SECOND }, Math.random)), 1_000).unref();
}
