import { parentPort, workerData } from 'node:worker_threads';
import type { Feedback } from './feedback.ts';
import { openFeedbackDatabase } from './feedback-database.ts';
import type { Call, Reply } from './feedback-store.ts';

const port = parentPort!;
const database = openFeedbackDatabase(String(workerData));
const waiting: { call: number; feedback: Feedback }[] = [];

port.on('message', ({ call, request }: Call) => {
  if (request.kind === 'record') {
    // What has come in by the end of this turn shares one commit, and so one wait for the disk.
    if (waiting.push({ call, feedback: request.feedback }) === 1) setImmediate(recordWaiting);
    return;
  }
  if (request.kind === 'close') {
    database.close();
    port.close();
    return;
  }
  answer([call], () => {
    if (request.kind === 'counts') return [database.counts(request.model, request.version, request.since)];
    return [database.isReporter() ? database.totals() : []];
  });
});

function recordWaiting(): void {
  const batch = waiting.splice(0);
  answer(
    batch.map(({ call }) => call),
    () => database.record(batch.map(({ feedback }) => feedback)),
  );
}

/** Answers calls with one result each, or all of them with the same failure. */
function answer(calls: readonly number[], work: () => readonly unknown[]): void {
  const reply = (message: Reply) => port.postMessage(message);
  try {
    const results = work();
    calls.forEach((call, at) => {
      reply({ call, result: results[at] });
    });
  } catch (error) {
    for (const call of calls) reply({ call, failure: (error as Error).message });
  }
}
