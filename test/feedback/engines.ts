import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, onTestFinished } from 'vitest';
import type { ExperimentDatabase } from '../../src/feedback/database/experiment-database.ts';
import type { FeedbackPlace } from '../../src/feedback/database/feedback.ts';
import { type FeedbackDatabase, openFeedbackDatabase } from '../../src/feedback/database/feedback-database.ts';
import { createTextCipher, type TextCipher } from '../../src/feedback/database/text-cipher.ts';
import { createPostgresFeedback } from '../../src/feedback/postgres/postgres-feedback.ts';
import type { PostgresServer } from '../support/postgres.ts';
import { describeWithPostgres, openForTest } from '../support/with-postgres.ts';

/** The methods of an interface, which may return promises. */
type Awaitable<T> = {
  readonly [M in keyof T]: T[M] extends (...args: infer A) => infer R ? (...args: A) => R | Promise<R> : T[M];
};

/** The methods that the databases of both engines have. */
export interface AnyFeedbackDatabase
  extends Awaitable<Omit<FeedbackDatabase, 'isReporter' | 'isPresent' | 'experiments' | 'close'>> {
  readonly experiments: Awaitable<Omit<ExperimentDatabase, 'close'>>;
}

/** An engine that stores feedback. */
export interface Engine {
  /** Creates a place without feedback. */
  newPlace(): Promise<FeedbackPlace>;
  /** Opens the database of a place for the time of a test. */
  open(place: FeedbackPlace, now?: () => number, cipher?: TextCipher): AnyFeedbackDatabase;
}

const sqlite: Engine = {
  newPlace: () => mkdtemp(join(tmpdir(), 'waymark-feedback-')),
  open(place, now, cipher) {
    const database = openFeedbackDatabase(String(place), now, cipher);
    onTestFinished(() => database.close());
    return database;
  },
};

let server: PostgresServer;

const postgres: Engine = {
  newPlace: () => server.newDatabase(),
  open(place, now = Date.now, cipher = createTextCipher([])) {
    if (typeof place === 'string') throw new Error('the place is a folder');
    const feedback = createPostgresFeedback(openForTest(place), cipher, now);
    return { ...feedback, record: feedback.recordAll };
  },
};

/** Describes the tests of both engines. Those of PostgreSQL are skipped where it is not installed, except in CI. */
export function describeEngines(name: string, tests: (engine: Engine) => void): void {
  describe(`${name}, on SQLite`, () => tests(sqlite));
  describeWithPostgres(`${name}, on PostgreSQL`, (started) => {
    beforeAll(() => {
      server = started();
    });
    tests(postgres);
  });
}
