import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import type { AnswerTo, Notice, OtherWorkers, Question } from '../recent/queries/questions.ts';
import { workerIndexOf } from './fork.ts';
import { sendToSupervisor, type ToSupervisor, type ToWorker } from './messages.ts';

/** The longest wait in milliseconds for the answers of the other workers. */
const ANSWER_TIMEOUT_MS = 2_000;

/** How much longer than the supervisor a worker waits, so that it gets the answers that arrived in time. */
const MARGIN_MS = 500;

/** Creates the link of this worker to the others, through the supervisor. */
export function createWorkerQuestions(): OtherWorkers {
  const waiting = new Map<number, (result: { asked: number; answers: readonly unknown[] }) => void>();
  let lastQuestion = 0;
  process.on('message', (message: ToWorker) => {
    if (message.kind !== 'answers') return;
    waiting.get(message.question)?.(message);
    waiting.delete(message.question);
  });
  return {
    async ask<Q extends Question>(question: Q) {
      if (!process.connected) return { asked: 0, answers: [] };
      const number = ++lastQuestion;
      const { promise, resolve } = Promise.withResolvers<{ asked: number; answers: readonly unknown[] }>();
      waiting.set(number, resolve);
      void sendToSupervisor({ kind: 'question', question: number, content: question });
      const timeout = new AbortController();
      const late = delay(
        ANSWER_TIMEOUT_MS + MARGIN_MS,
        { asked: 0, answers: [] },
        { signal: timeout.signal, ref: false },
      );
      const result = await Promise.race([promise, late.catch(() => ({ asked: 0, answers: [] }))]);
      timeout.abort();
      waiting.delete(number);
      return result as { asked: number; answers: readonly AnswerTo<Q>[] };
    },
    notify(notice) {
      void sendToSupervisor({ kind: 'notice', notice });
    },
    connect(answer, receive) {
      process.on('message', (message: ToWorker) => {
        if (message.kind === 'notice') receive(message.notice);
        if (message.kind !== 'question') return;
        const { question, content } = message;
        // The worker that asked has checked the question. What fails here is missing in the number of answers.
        answer(content).then(
          (result) => sendToSupervisor({ kind: 'answer', question, result }),
          () => sendToSupervisor({ kind: 'answer', question }),
        );
      });
    },
  };
}

/** Passes questions and notices of each worker to the others, in the supervisor. */
export function relayQuestions(): void {
  const ready = new Set<Worker>();
  const open = new Map<number, { missing: Set<Worker>; answers: unknown[]; resolve: () => void }>();
  let lastQuestion = 0;

  const othersOf = (origin?: Worker) => [...ready].filter((worker) => worker !== origin && worker.isConnected());

  function settle(worker: Worker, question: number): void {
    const { missing, resolve } = open.get(question) ?? {};
    missing?.delete(worker);
    if (missing?.size === 0) resolve?.();
  }

  async function relay(origin: Worker, number: number, content: Question): Promise<void> {
    const others = othersOf(origin);
    const answers: unknown[] = [];
    if (others.length > 0) {
      const question = ++lastQuestion;
      const { promise, resolve } = Promise.withResolvers<void>();
      open.set(question, { missing: new Set(others), answers, resolve });
      for (const worker of others) worker.send({ kind: 'question', question, content } satisfies ToWorker);
      const timeout = new AbortController();
      const late = delay(ANSWER_TIMEOUT_MS, undefined, { signal: timeout.signal, ref: false }).catch(() => undefined);
      await Promise.race([promise, late]);
      timeout.abort();
      open.delete(question);
    }
    if (!origin.isConnected()) return;
    origin.send({ kind: 'answers', question: number, asked: others.length, answers } satisfies ToWorker);
  }

  function notify(notice: Notice, origin?: Worker): void {
    for (const worker of othersOf(origin)) worker.send({ kind: 'notice', notice } satisfies ToWorker);
  }

  const reportWorker = (worker: Worker, detail: string) =>
    notify({
      kind: 'event',
      event: {
        time: new Date().toISOString(),
        kind: 'worker',
        detail: `Worker ${workerIndexOf(worker) ?? ''} ${detail}.`,
      },
    });

  const started = new Set<number>();
  cluster.on('message', (worker, message: ToSupervisor) => {
    if (message.kind === 'ready') {
      const index = workerIndexOf(worker) ?? 0;
      if (started.has(index)) reportWorker(worker, 'was replaced');
      started.add(index);
      ready.add(worker);
    }
    if (message.kind === 'notice') notify(message.notice, worker);
    if (message.kind === 'question') void relay(worker, message.question, message.content);
    if (message.kind === 'answer') {
      if (message.result !== undefined) open.get(message.question)?.answers.push(message.result);
      settle(worker, message.question);
    }
  });
  cluster.on('exit', (worker) => {
    if (ready.delete(worker)) reportWorker(worker, 'ended');
    for (const question of open.keys()) settle(worker, question);
  });
}
