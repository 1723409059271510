import { describe, expect, test } from 'vitest';
import { lengthBucket, TextQueue } from '../../../src/runtimes/onnx/text-queue.ts';

const waiting = (queue: string, text: string) => ({ queue, text });
const texts = (batch: readonly { text: string }[]) => batch.map(({ text }) => text);

test('texts of similar length share a bucket', () => {
  expect(['', 'a', 'a'.repeat(64), 'a'.repeat(65), 'a'.repeat(128), 'a'.repeat(129)].map(lengthBucket)).toEqual([
    0, 0, 0, 1, 1, 2,
  ]);
});

describe('a batch', () => {
  test('has the oldest texts first', () => {
    const queue = new TextQueue(10);
    for (const text of ['one', 'two', 'three']) queue.add(waiting('a', text));
    expect(texts(queue.takeBatch(2))).toEqual(['one', 'two']);
    expect(texts(queue.takeBatch(2))).toEqual(['three']);
    expect(queue.takeBatch(2)).toEqual([]);
    expect(queue.size).toBe(0);
  });

  test('has texts of one length only', () => {
    const queue = new TextQueue(10);
    const long = 'long '.repeat(100);
    for (const text of ['short', long, 'brief']) queue.add(waiting('a', text));
    expect(texts(queue.takeBatch(10))).toEqual(['short', 'brief']);
    expect(texts(queue.takeBatch(10))).toEqual([long]);
  });

  test('has texts of each model in turn', () => {
    const queue = new TextQueue(100);
    for (let at = 0; at < 6; at += 1) queue.add(waiting('busy', `busy ${at}`));
    queue.add(waiting('quiet', 'quiet 0'));
    expect(texts(queue.takeBatch(3))).toEqual(['busy 0', 'quiet 0', 'busy 1']);
  });
});

describe('a full queue', () => {
  test('refuses a further text of the model that fills it', () => {
    const queue = new TextQueue(2);
    queue.add(waiting('a', 'one'));
    queue.add(waiting('a', 'two'));
    const third = waiting('a', 'three');
    expect(queue.add(third)).toBe(third);
    expect(queue.size).toBe(2);
  });

  test('takes a text of another model, and gives back the latest text of the longest queue', () => {
    const queue = new TextQueue<{ queue: string; text: string }>(3);
    for (const text of ['one', 'two', 'three']) queue.add(waiting('a', text));
    expect(queue.add(waiting('b', 'other'))).toMatchObject({ text: 'three' });
    expect(texts(queue.takeBatch(10))).toEqual(['one', 'other', 'two']);
  });

  test('has a limit on characters too', () => {
    const queue = new TextQueue(100);
    const huge = waiting('a', 'x'.repeat(4_000_001));
    expect(queue.add(huge)).toBe(huge);
  });
});

test('a removed text is not taken, and cannot be removed twice', () => {
  const queue = new TextQueue(10);
  const [first, second] = [waiting('a', 'one'), waiting('a', 'two')];
  queue.add(first);
  queue.add(second);
  expect(queue.remove(first)).toBe(true);
  expect(queue.remove(first)).toBe(false);
  expect(queue.takeBatch(10)).toEqual([second]);
});
