import { expect, test } from 'vitest';
import { defaultMaxMemoryMB } from '../../../src/maintenance/retraining/memory-limit.ts';

const MB = 1024 * 1024;
const GB = 1024 * MB;
const own = 120 * MB;

test.each([
  {
    title: 'a container of 1 GiB leaves the rest beside one serving process',
    processes: 1,
    constrained: GB,
    expected: 721,
  },
  { title: 'a second serving process takes its part', processes: 2, constrained: GB, expected: 521 },
  { title: 'a container of 512 MiB', processes: 1, constrained: GB / 2, expected: 260 },
  { title: 'a container without room has the minimum', processes: 1, constrained: GB / 4, expected: 64 },
  { title: 'a large container has the maximum', processes: 4, constrained: 16 * GB, expected: 2_048 },
  { title: 'without a limit the memory of the machine counts', processes: 1, constrained: 0, expected: 2_048 },
  { title: 'a limit of cgroup v1 that means none does not count', processes: 1, constrained: 2 ** 64, expected: 2_048 },
])('$title', ({ processes, constrained, expected }) => {
  expect(defaultMaxMemoryMB(processes, { constrained, total: 64 * GB, own })).toBe(expected);
});

test('a machine with less memory than the container may use is the limit', () => {
  expect(defaultMaxMemoryMB(1, { constrained: 4 * GB, total: GB, own })).toBe(721);
});

test('a serving process that has grown leaves less', () => {
  expect(defaultMaxMemoryMB(1, { constrained: GB, total: 64 * GB, own: 400 * MB })).toBe(521);
});

test('the memory of this machine gives a limit within the bounds', () => {
  const limit = defaultMaxMemoryMB(1);
  expect(limit).toBeGreaterThanOrEqual(64);
  expect(limit).toBeLessThanOrEqual(2_048);
});
