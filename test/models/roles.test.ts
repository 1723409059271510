import { describe, expect, test } from 'vitest';
import { applyChange, defaultRoles, parseRoles, type RoleChange, type Roles } from '../../src/models/roles.ts';
import { Problem } from '../../src/platform/problems.ts';

const attribution = { actor: 'test', reason: 'because' };
const start = defaultRoles(['3', '2', '1'], 5);

function apply(roles: Roles, ...changes: RoleChange[]): Roles {
  return changes.reduce((current, change, index) => applyChange(current, change, attribution, 100 + index), roles);
}

function problemOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return `${error.type}: ${error.message}`;
    throw error;
  }
  return 'none';
}

test('without a roles file the newest version is active, and the older ones are its predecessors', () => {
  expect(start).toMatchObject({ revision: 0, active: '3', previous: ['2', '1'], activeSince: 5, change: null });
});

test('each change raises the revision, and records actor, action, reason, time and versions', () => {
  const roles = apply(start, { action: 'activate', version: '1' });
  expect(roles).toMatchObject({ revision: 1, active: '1', previous: ['3', '2'], activeSince: 100 });
  expect(roles.change).toEqual({
    revision: 1,
    at: 100,
    actor: 'test',
    action: 'activate',
    reason: 'because',
    from: '3',
    to: '1',
  });
  expect(applyChange(roles, { action: 'rollback' }, attribution, 7, 41).revision).toBe(42);
});

test('activating the newest version without a roles file keeps it active; a second time has no effect', () => {
  const roles = apply(start, { action: 'activate', version: '3' });
  expect(roles).toMatchObject({ revision: 1, active: '3', previous: ['2', '1'], activeSince: 5 });
  expect(apply(roles, { action: 'activate', version: '3' })).toBe(roles);
});

test('a rollback activates the previous version, and forgets the one that was active', () => {
  const once = apply(start, { action: 'activate', version: '1' }, { action: 'rollback' });
  expect(once).toMatchObject({ active: '3', previous: ['2'], activeSince: 101, change: { from: '1', to: '3' } });
  const twice = apply(once, { action: 'rollback' });
  expect(twice).toMatchObject({ active: '2', previous: [] });
  expect(problemOf(() => apply(twice, { action: 'rollback' }))).toMatch(/^nothing-to-roll-back: Version 2 is active/);
});

describe('shadow and canary', () => {
  test('are set, changed and removed', () => {
    const both = apply(start, { action: 'shadow', version: '2' }, { action: 'canary', version: '1', share: 0.2 });
    expect(both).toMatchObject({ active: '3', shadow: '2', canary: { version: '1', share: 0.2 }, activeSince: 5 });
    expect(both.change).toMatchObject({ action: 'canary', from: null, to: '1', share: 0.2 });
    const more = apply(both, { action: 'canary', version: '1', share: 0.5 });
    expect(more.change).toMatchObject({ from: '1', to: '1', share: 0.5 });
    const none = apply(more, { action: 'canary', version: null }, { action: 'shadow', version: null });
    expect(none).toMatchObject({ shadow: null, canary: null, change: { action: 'shadow', from: '2', to: null } });
    expect(apply(none, { action: 'canary', version: null }, { action: 'shadow', version: null })).toBe(none);
  });

  test('without a share the canary keeps its share, which is 0.1 at first', () => {
    const first = apply(start, { action: 'canary', version: '1' });
    expect(first.canary).toEqual({ version: '1', share: 0.1 });
    const other = apply(first, { action: 'canary', version: '1', share: 0.3 }, { action: 'canary', version: '2' });
    expect(other.canary).toEqual({ version: '2', share: 0.3 });
  });

  test.each<[string, RoleChange, object]>([
    ['a shadow that becomes canary', { action: 'canary', version: '2' }, { shadow: null, canary: { version: '2' } }],
    ['a canary that becomes shadow', { action: 'shadow', version: '1' }, { shadow: '1', canary: null }],
    ['a shadow that becomes active', { action: 'activate', version: '2' }, { active: '2', shadow: null }],
    ['a canary that becomes active', { action: 'activate', version: '1' }, { active: '1', shadow: '2', canary: null }],
    ['a rollback to the shadow', { action: 'rollback' }, { active: '2', shadow: null }],
  ])('%s loses its former role', (_, change, expected) => {
    const trials = apply(start, { action: 'shadow', version: '2' }, { action: 'canary', version: '1' });
    expect(apply(trials, change)).toMatchObject(expected);
  });

  test.each(['shadow', 'canary'] as const)('the active version cannot be the %s', (action) => {
    expect(problemOf(() => apply(start, { action, version: '3' }))).toMatch(
      /^version-active: "version" must be another/,
    );
  });
});

describe('a roles file', () => {
  test('is read as it was written', () => {
    const roles = apply(start, { action: 'shadow', version: '2' }, { action: 'canary', version: '1', share: 0.25 });
    expect(parseRoles(JSON.stringify(roles))).toEqual(roles);
  });

  test('with the former field names of a change is read', () => {
    const { change, ...roles } = apply(start, { action: 'canary', version: '2' });
    const { actor: who, action: what, reason: why, ...fields } = change!;
    const text = JSON.stringify({ ...roles, change: { ...fields, who, what, why } });
    expect(parseRoles(text)).toEqual({ ...roles, change });
  });

  test('can be one line when written by hand', () => {
    expect(parseRoles('{"format": 1, "active": "2"}')).toMatchObject({ active: '2', shadow: null, previous: [] });
  });

  test.each([
    ['invalid JSON', '{"format": 1, "act'],
    ['a newer format', '{"format": 2, "active": "2"}'],
    ['a path for a version', '{"format": 1, "active": "../other/1"}'],
    ['a share of no requests', '{"format": 1, "active": "2", "canary": {"version": "1", "share": 1.5}}'],
  ])('with %s is damaged', (_, text) => {
    expect(() => parseRoles(text)).toThrow();
  });
});
