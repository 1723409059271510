import { expect, test } from 'vitest';
import { readRoleTimes } from '../../../src/maintenance/comparison/role-times.ts';
import type { RecordedChange } from '../../../src/models/roles.ts';
import type { ModelVersions } from '../../../src/models/store.ts';

const THIS_HOUR = Date.UTC(2027, 0, 1);
const NOW = THIS_HOUR + 1_200_000;
const DAY = 86_400_000;

const version = (name: string) => ({ name: 'spam', version: name }) as never;
const versions: ModelVersions = { name: 'spam', active: version('1'), shadow: version('2'), versions: [] };

function registryWith(activeSince: number, shadowAt: number) {
  const change = { action: 'shadow', to: '2', at: shadowAt } as RecordedChange;
  return { roles: () => ({ activeSince }) as never, changes: async () => [change] };
}

test('a role has its time from the roles and from the audit trail', async () => {
  const times = await readRoleTimes(versions, registryWith(NOW - DAY, NOW - 60_000), NOW);
  expect(times).toMatchObject({ active: NOW - DAY, shadow: NOW - 60_000 });
});

test('a role that was taken while the clock was ahead began in the hour when that was noticed, and stays so', async () => {
  const registry = registryWith(NOW + DAY, NOW + DAY);
  const read = async (now: number) => readRoleTimes(versions, registry, now);
  expect(await read(NOW)).toMatchObject({ active: THIS_HOUR, shadow: THIS_HOUR });
  expect(await read(NOW + 5_000)).toMatchObject({ active: THIS_HOUR, shadow: THIS_HOUR });
  expect(await read(NOW + 2 * DAY)).toMatchObject({ active: THIS_HOUR, shadow: THIS_HOUR });
});
