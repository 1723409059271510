import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { createCautiousClock } from '../../platform/cautious-clock.ts';
import { type DatabaseAddress, describeAddress } from '../../postgres/address.ts';
import { openDatabase } from '../../postgres/database.ts';
import { createSharedState } from '../../postgres/shared-state.ts';
import { createVersionStore } from '../../postgres/version-store.ts';
import type { Feedback } from '../database/feedback.ts';
import type { ImmediateRequest, RequestMessage, ResponseMessage, ThreadOptions } from '../database/store-messages.ts';
import { readTextCipher } from '../database/text-cipher.ts';
import { createPostgresFeedback } from './postgres-feedback.ts';

/** The number of feedbacks in one transaction. */
const MAX_BATCH = 256;
/** The longest time in milliseconds that requests in progress have at the end. */
const CLOSE_TIMEOUT_MS = 3_000;

interface WaitingFeedback {
  readonly requestId: number;
  readonly feedback: Feedback;
}

const port = parentPort!;
const { place, keyFile } = workerData as ThreadOptions & { readonly place: DatabaseAddress };
const name = describeAddress(place);
const send = (message: ResponseMessage) => port.postMessage(message);
const database = openDatabase(place, (fault) => send({ fault: fault === undefined ? null : `${name}: ${fault}` }));
const feedback = createPostgresFeedback(database, readTextCipher(keyFile), createCautiousClock());
const shared = createSharedState(database);
const versions = createVersionStore(database);
const waiting: WaitingFeedback[] = [];
const active = new Set<Promise<void>>();
let isRecording = false;

port.on('message', ({ requestId, request }: RequestMessage) => {
  if (request.kind === 'close') void close();
  else if (request.kind === 'record') {
    waiting.push({ requestId, feedback: request.feedback });
    if (!isRecording) track(recordWaiting());
  } else track(respond([requestId], async () => [await execute(request)]));
});

function track(work: Promise<void>): void {
  const tracked = work.finally(() => active.delete(tracked));
  active.add(tracked);
}

async function close(): Promise<void> {
  await Promise.race([Promise.all(active), delay(CLOSE_TIMEOUT_MS)]);
  await database.close();
  // Also a connection that does not respond must not hold up the end.
  process.exit(0);
}

function execute({ kind, method, args }: ImmediateRequest): Promise<unknown> {
  const targets = {
    call: feedback,
    'call experiments': feedback.experiments,
    'call shared': shared,
    'call versions': versions,
  };
  const target: object = targets[kind];
  return (Reflect.get(target, method) as (...args: readonly unknown[]) => Promise<unknown>)(...args);
}

/** Records all feedback that arrived during the last commit in one transaction, which waits for the disk once. */
async function recordWaiting(): Promise<void> {
  isRecording = true;
  // Feedback of this turn of the event loop shares the first transaction.
  await new Promise(setImmediate);
  while (waiting.length > 0) {
    await recordBatch(waiting.splice(0, MAX_BATCH));
  }
  isRecording = false;
}

/** Records feedback in one transaction, or each one on its own if the values of one of them are refused. */
async function recordBatch(batch: readonly WaitingFeedback[]): Promise<void> {
  const requestIds = batch.map(({ requestId }) => requestId);
  const recording = feedback.recordAll(batch.map((one) => one.feedback));
  if (batch.length > 1 && (await recording.then(() => false, isDataError))) {
    for (const one of batch) await recordBatch([one]);
    return;
  }
  await respond(requestIds, () => recording);
}

/** Returns whether PostgreSQL refused a value: the classes 22 (data exception) and 23 (constraint violation). */
function isDataError(error: unknown): boolean {
  return /^2[23]/.test(String((error as { readonly code?: unknown }).code));
}

/** Answers each request with its own result, or all requests with the same failure. */
async function respond(requestIds: readonly number[], work: () => Promise<readonly unknown[]>): Promise<void> {
  try {
    const results = await work();
    requestIds.forEach((requestId, index) => {
      send({ requestId, result: results[index] });
    });
  } catch (error) {
    for (const requestId of requestIds) send({ requestId, failure: (error as Error).message });
  }
}
