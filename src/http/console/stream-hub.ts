import type { ServerResponse } from 'node:http';
import { measurementsOf } from '../../recent/history/merge-history.ts';
import type { StreamMessage } from '../../recent/prediction-row.ts';
import type { NewsCursor, Restricted } from '../../recent/queries/questions.ts';
import type { Service } from '../server/service.ts';
import { mergeRows } from './filters.ts';

/** The time between two messages with predictions, and the number of such messages for one about the processes. */
const TICK_MS = 250;
const TICKS_PER_PROCESS = 4;

/** The most predictions of a message. */
const MAX_ROWS = 100;

/** The most streams of a process. */
export const MAX_STREAMS = 64;

/** A reader that has not taken so many bytes gets nothing more until it has. */
const MAX_UNREAD_BYTES = 262_144;

/** An open response. */
interface Reader {
  readonly response: ServerResponse;
  /** The predictions that it was not sent because it reads slowly. */
  skipped: number;
}

/** Readers with the same filters. Their messages are made once. */
interface Group {
  readonly filters: Restricted;
  readonly readers: Set<Reader>;
  cursors: readonly NewsCursor[];
  isBusy: boolean;
  /** Resolves when the group knows where its news begin. */
  readonly begun: Promise<void>;
  hasBegun: boolean;
}

/** Sends predictions to open pages as they come. */
export interface StreamHub {
  /**
   * Adds a response. Resolves to false if there are too many; otherwise when the response gets every prediction that is made
   * from then on.
   */
  add(response: ServerResponse, filters: Restricted): Promise<boolean>;
}

/** Creates the hub. It asks the workers only while a page is open. */
export function createStreamHub({ recent, phase }: Pick<Service, 'recent' | 'phase'>): StreamHub {
  const groups = new Map<string, Group>();
  let readers = 0;
  let timer: NodeJS.Timeout | undefined;
  let ticks = 0;
  let isProcessBusy = false;

  async function sendNews(group: Group): Promise<void> {
    const { filters, cursors } = group;
    const { answers } = await recent.ask({ kind: 'news', filters, limit: MAX_ROWS, cursors });
    group.cursors = answers.map(({ cursor }) => cursor);
    const rows = mergeRows(answers, MAX_ROWS);
    const found = answers.reduce((sum, answer) => sum + answer.rows.length + answer.skipped, 0);
    const head = `{"kind":"predictions","predictions":[${rows.join()}],"skipped":`;
    const feedback = answers
      .flatMap((answer) => answer.feedback)
      .map((entry) => lineOf({ kind: 'feedback', ...entry }))
      .join('');
    const messageWith = (skipped: number) =>
      Buffer.from(`${rows.length > 0 || skipped > 0 ? `${head}${skipped}}\n` : ''}${feedback}`);
    // Nearly all readers get the same bytes, which are encoded once.
    const message = messageWith(found - rows.length);
    for (const reader of group.readers) {
      if (isSlow(reader)) {
        reader.skipped += found;
        continue;
      }
      const own = reader.skipped === 0 ? message : messageWith(found - rows.length + reader.skipped);
      if (own.length > 0) reader.response.write(own);
      reader.skipped = 0;
    }
  }

  async function sendProcess(): Promise<void> {
    const { answers } = await recent.ask({ kind: 'process' });
    const workers = answers
      .map(({ worker, point, inFlight }) => ({ worker, ...measurementsOf(point), inFlight }))
      .toSorted((a, b) => a.worker - b.worker);
    const line = lineOf({ kind: 'process', time: new Date().toISOString(), workers });
    for (const { readers, hasBegun } of groups.values()) {
      for (const reader of readers) if (hasBegun && !isSlow(reader)) reader.response.write(line);
    }
  }

  function tick(): void {
    if (phase() === 'draining') {
      for (const { readers } of groups.values()) for (const { response } of readers) response.end();
      return;
    }
    for (const group of groups.values()) {
      if (group.isBusy || !group.hasBegun) continue;
      group.isBusy = true;
      // A worker that cannot answer is asked again at the next tick.
      void sendNews(group)
        .catch(() => {})
        .finally(() => {
          group.isBusy = false;
        });
    }
    ticks += 1;
    if (ticks % TICKS_PER_PROCESS !== 0 || isProcessBusy) return;
    isProcessBusy = true;
    void sendProcess()
      .catch(() => {})
      .finally(() => {
        isProcessBusy = false;
      });
  }

  /** Creates a group. Its news begin now, and not at the next tick. */
  function startGroup(key: string, filters: Restricted): Group {
    const begin = async () => {
      const { answers } = await recent.ask({ kind: 'news', filters, limit: MAX_ROWS, cursors: [] });
      group.cursors = answers.map(({ cursor }) => cursor);
    };
    const begun = Promise.resolve()
      .then(begin)
      // Then the news begin at the next tick.
      .catch(() => {})
      .finally(() => {
        group.hasBegun = true;
      });
    const group: Group = { filters, readers: new Set(), cursors: [], isBusy: false, begun, hasBegun: false };
    groups.set(key, group);
    return group;
  }

  function remove(key: string, group: Group, reader: Reader): void {
    if (!group.readers.delete(reader)) return;
    readers -= 1;
    if (group.readers.size === 0) groups.delete(key);
    if (readers > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    async add(response, filters) {
      if (readers >= MAX_STREAMS) return false;
      const key = JSON.stringify(filters);
      const group = groups.get(key) ?? startGroup(key, filters);
      const reader = { response, skipped: 0 };
      group.readers.add(reader);
      readers += 1;
      response.once('close', () => remove(key, group, reader));
      timer ??= setInterval(tick, TICK_MS).unref();
      await group.begun;
      return true;
    },
  };
}

function isSlow({ response }: Reader): boolean {
  return response.writableLength > MAX_UNREAD_BYTES;
}

function lineOf(message: StreamMessage): string {
  return `${JSON.stringify(message)}\n`;
}
