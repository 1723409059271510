import { parentPort, workerData } from 'node:worker_threads';
import type { Feedback } from './database/feedback.ts';
import { openFeedbackDatabase } from './database/feedback-database.ts';
import type { ImmediateRequest, RequestMessage, ResponseMessage, ThreadOptions } from './database/store-messages.ts';
import { readTextCipher } from './database/text-cipher.ts';

/** The totals of metrics. One process of the folder reports them. */
const REPORTED_METHODS: ReadonlySet<string> = new Set(['totals', 'confidenceTotals']);

const port = parentPort!;
const { place: folder, keyFile } = workerData as ThreadOptions & { readonly place: string };
const cipher = readTextCipher(keyFile);
let database = openFeedbackDatabase(folder, undefined, cipher);
const pending: { requestId: number; feedback: Feedback }[] = [];

port.on('message', ({ requestId, request }: RequestMessage) => {
  if (request.kind === 'record') {
    // All feedback of this turn of the event loop shares one commit, and so one wait for the disk.
    if (pending.push({ requestId, feedback: request.feedback }) === 1) setImmediate(recordPending);
    return;
  }
  if (request.kind === 'close') {
    database.close();
    port.close();
    return;
  }
  respond([requestId], () => [execute(request)]);
});

function execute({ kind, method, args }: ImmediateRequest): unknown {
  if (REPORTED_METHODS.has(method) && !database.isReporter()) return [];
  const target: object = kind === 'call' ? database : database.experiments;
  return (Reflect.get(target, method) as (...args: readonly unknown[]) => unknown)(...args);
}

function recordPending(): void {
  const batch = pending.splice(0);
  respond(
    batch.map(({ requestId }) => requestId),
    () => database.record(batch.map(({ feedback }) => feedback)),
  );
}

/** Opens the database again if its file was deleted or replaced: nothing may be acknowledged into a deleted file. */
function requirePresent(): void {
  if (database.isPresent()) return;
  const deleted = database;
  database = openFeedbackDatabase(folder, undefined, cipher);
  deleted.close();
}

/** Answers each request with its own result, or all requests with the same failure. */
function respond(requestIds: readonly number[], work: () => readonly unknown[]): void {
  const send = (message: ResponseMessage) => port.postMessage(message);
  try {
    requirePresent();
    const results = work();
    requestIds.forEach((requestId, index) => {
      send({ requestId, result: results[index] });
    });
  } catch (error) {
    for (const requestId of requestIds) send({ requestId, failure: (error as Error).message });
  }
}
