/** Preloaded into the service, keeps 3 MB more on the heap with each second. */
import { isMainThread } from 'node:worker_threads';

const kept: number[][] = [];
const numbers = 3 * 1024 * 128;

if (isMainThread) setInterval(() => kept.push(Array.from({ length: numbers }, Math.random)), 1_000).unref();
