import type { ProcessHistory } from '../history/process-history.ts';
import type { RequestTracker } from '../history/request-tracker.ts';
import type { NewFeedback, PredictionMemory } from '../memory/prediction-memory.ts';
import type { ProcessEvent, WorkerCounts } from '../prediction-row.ts';
import { answerQuestion } from './answer-question.ts';
import { FeedbackLog } from './feedback-log.ts';
import type { AnswerTo, Notice, OtherWorkers, Question } from './questions.ts';
import { feedbackOf, idOf, versionOf } from './read-row.ts';

/** The parts of the memory of one process. */
export interface RecentParts {
  readonly memory: PredictionMemory;
  readonly history: ProcessHistory;
  readonly tracker: RequestTracker;
  /** `undefined` if this process serves alone. */
  readonly others: OtherWorkers | undefined;
  /** Lets other work of the event loop run. */
  readonly nextTurn: () => Promise<unknown>;
}

/** The memory of the latest predictions, over all workers. */
export class RecentPredictions {
  readonly memory: PredictionMemory;
  readonly history: ProcessHistory;
  readonly tracker: RequestTracker;
  readonly #feedbackLog = new FeedbackLog();
  readonly #others: OtherWorkers | undefined;
  readonly #nextTurn: () => Promise<unknown>;
  readonly #retrainings = new Set<string>();

  constructor({ memory, history, tracker, others, nextTurn }: RecentParts) {
    this.memory = memory;
    this.history = history;
    this.tracker = tracker;
    this.#others = others;
    this.#nextTurn = nextTurn;
    others?.connect(
      (question) => this.#answer(question),
      (notice) => this.#receive(notice),
    );
  }

  /**
   * Asks all workers, this one included.
   *
   * @throws {FilterError} if a filter cannot be used
   */
  async ask<Q extends Question>(question: Q): Promise<{ answers: AnswerTo<Q>[]; workers: WorkerCounts }> {
    const others = this.#others?.ask(question);
    const own = (await this.#answer(question)) as AnswerTo<Q>;
    const { asked, answers } = (await others) ?? { asked: 0, answers: [] };
    return { answers: [own, ...answers], workers: { asked: asked + 1, answered: answers.length + 1 } };
  }

  /** Records feedback in the worker that made the prediction. @param spanId of the `classify` span */
  recordFeedback(spanId: string, feedback: NewFeedback): void {
    if (!this.#storeFeedback(spanId, feedback)) this.#others?.notify({ kind: 'feedback', spanId, feedback });
  }

  /** Records something that changed in this worker alone, or that each worker notices by itself. */
  recordEvent(event: ProcessEvent): void {
    this.history.recordEvent(event);
  }

  /** Records something that changed for all workers. */
  announceEvent(event: ProcessEvent): void {
    this.history.recordEvent(event);
    this.#others?.notify({ kind: 'event', event });
  }

  /** Records that a retraining started or ended. */
  setRetraining(job: string, isRunning: boolean): void {
    this.#storeRetraining(job, isRunning);
    this.#others?.notify({ kind: 'retraining', job, isRunning });
  }

  #answer(question: Question): Promise<AnswerTo<Question>> {
    const { memory, history } = this;
    return answerQuestion({ memory, history, feedbackLog: this.#feedbackLog }, question, this.#nextTurn);
  }

  #receive(notice: Notice): void {
    if (notice.kind === 'feedback') this.#storeFeedback(notice.spanId, notice.feedback);
    else if (notice.kind === 'event') this.history.recordEvent(notice.event);
    else this.#storeRetraining(notice.job, notice.isRunning);
  }

  #storeFeedback(spanId: string, feedback: NewFeedback): boolean {
    const slot = this.memory.recordFeedback(spanId, feedback);
    if (slot === -1) return false;
    const id = idOf(this.memory, slot);
    const { model } = versionOf(this.memory, slot);
    if (id !== null) this.#feedbackLog.add({ id, model, feedback: feedbackOf(this.memory, slot) ?? null });
    return true;
  }

  #storeRetraining(job: string, isRunning: boolean): void {
    if (isRunning) this.#retrainings.add(job);
    else this.#retrainings.delete(job);
    this.memory.state.retrainings = this.#retrainings.size;
  }
}
