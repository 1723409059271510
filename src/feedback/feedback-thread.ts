import { parentPort, workerData } from 'node:worker_threads';
import type { Feedback } from './feedback.ts';
import { openFeedbackDatabase } from './feedback-database.ts';
import type { Call, Question, Reply } from './feedback-store.ts';

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
  answer([call], () => [resultOf(request)]);
});

function resultOf(question: Question): unknown {
  const { trials } = database;
  switch (question.kind) {
    case 'counts':
      return database.counts(question.model, question.version, question.since);
    case 'totals':
      return database.isReporter() ? database.totals() : [];
    case 'news':
      return trials.keep(question.news);
    case 'pairs':
      return trials.pairs(question.trial);
    case 'judged':
      return trials.judged(question.trial);
    case 'shadow totals':
      return database.isReporter() ? trials.totals() : [];
    case 'minutes':
      return trials.minutes(question.model, question.version, question.use, question.since);
    case 'texts':
      return trials.texts(question.model, question.since);
  }
}

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
