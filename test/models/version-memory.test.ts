import { describe, expect, test } from 'vitest';
import type { Model } from '../../src/models/store.ts';
import { createVersionMemory, type MemoryLimits } from '../../src/models/version-memory.ts';

/** The memory looks at no other part of a model. */
const model = (version: string, bytes = 10) =>
  ({ name: 'spam', version, manifest: { weights: { bytes } }, classifier: {} }) as unknown as Model;

function create(limits: MemoryLimits = {}) {
  let time = 0;
  const left: string[] = [];
  const memory = createVersionMemory(({ version }) => void left.push(version), { now: () => time, ...limits });
  const inMemory = () => ['1', '2', '3', '4', '5'].filter((version) => memory.has({ name: 'spam', version })).join();
  return {
    memory,
    left,
    inMemory,
    wait: (ms: number) => {
      time += ms;
    },
  };
}

describe('versions without a role', () => {
  test('leave, the least recently used first, if there are too many', () => {
    const { memory, left, inMemory } = create({ maxNamed: 2 });
    for (const version of ['1', '2']) memory.put(model(version));
    expect(memory.use(model('1'))).toBeDefined();
    memory.put(model('3'));
    expect(inMemory()).toBe('1,3');
    expect(left).toEqual(['2']);
  });

  test('leave if they are too large together; the last one stays, however large it is', () => {
    const { memory, inMemory } = create({ maxWeightsBytes: 25 });
    for (const version of ['1', '2', '3']) memory.put(model(version));
    expect(inMemory()).toBe('2,3');
    memory.put(model('4', 1_000));
    expect(inMemory()).toBe('4');
  });

  test('leave after a time without use', () => {
    const { memory, left, inMemory, wait } = create({ maxIdleMs: 100 });
    for (const version of ['1', '2']) memory.put(model(version));
    wait(60);
    memory.use(model('1'));
    wait(60);
    memory.removeIdle();
    expect([inMemory(), left]).toEqual(['1', ['2']]);
  });
});

describe('versions with a role', () => {
  test('stay, and count for no limit', () => {
    const { memory, inMemory, wait } = create({ maxNamed: 1, maxIdleMs: 100 });
    memory.pin('spam', [model('1'), model('2')]);
    for (const version of ['3', '4']) memory.put(model(version));
    expect(inMemory()).toBe('1,2,4');
    wait(200);
    memory.removeIdle();
    expect(inMemory()).toBe('1,2');
  });

  test('leave a while after they have lost it', () => {
    const { memory, inMemory, wait } = create({ maxIdleMs: 100 });
    memory.pin('spam', [model('1'), model('2')]);
    wait(200);
    memory.pin('spam', [model('2')]);
    memory.removeIdle();
    expect(inMemory()).toBe('1,2');
    wait(100);
    memory.removeIdle();
    expect(inMemory()).toBe('2');
  });

  test('leave at once if they are not listed any more', () => {
    const { memory, inMemory } = create();
    memory.pin('spam', [model('1'), model('2')]);
    memory.retain('another', []);
    memory.retain('spam', ['2']);
    expect(inMemory()).toBe('2');
  });
});

test('a version with an encoder releases it when it leaves, when it is replaced, and when it is removed', () => {
  const closed: string[] = [];
  const withEncoder = (version: string, file: string) => {
    const classifier = { labels: [], classify: () => {}, explain: () => [], close: () => void closed.push(file) };
    return { ...model(version), classifier } as unknown as Model;
  };
  const { memory, wait } = create({ maxIdleMs: 10 });
  const first = withEncoder('1', 'first');
  memory.put(first);
  memory.put(first);
  expect(closed).toEqual([]);
  memory.put(withEncoder('1', 'changed'));
  expect(closed).toEqual(['first']);
  memory.put(withEncoder('2', 'second'));
  memory.retain('spam', ['1']);
  expect(closed).toEqual(['first', 'second']);
  wait(10);
  memory.removeIdle();
  expect(closed).toEqual(['first', 'second', 'changed']);
});
