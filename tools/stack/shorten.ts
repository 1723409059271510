import { type DurationUnit, MS_PER_UNIT } from '../../src/platform/durations.ts';

/** A minute becomes a second; but a rate needs some scrapes, of which there is one a second in a test. */
const FACTOR = 60;
const SHORTEST_WINDOW = 5;

/**
 * Shortens the time spans in a file of rules, so that a test need not wait for hours: windows, offsets, and how long an
 * alert waits. Nothing else of the file changes; there is one set of rules.
 */
export function shortenRules(rules: string): string {
  return rules
    .replace(/\[(\d+)([smhd])\]/g, (_, count, unit) => `[${shortened(count, unit, SHORTEST_WINDOW)}]`)
    .replace(/\boffset (\d+)([smhd])/g, (_, count, unit) => `offset ${shortened(count, unit, SHORTEST_WINDOW)}`)
    .replace(/^( *for:) (\d+)([smhd])$/gm, (_, key, count, unit) => `${key} ${shortened(count, unit, 1)}`);
}

/** Shortens how long Alertmanager waits for more to tell at once. */
export function shortenRouting(routing: string): string {
  return routing.replace(
    /^( *group_(?:wait|interval):) (\d+)([smhd])$/gm,
    (_, key, count, unit) => `${key} ${shortened(count, unit, 1)}`,
  );
}

function shortened(count: string, unit: string, shortest: number): string {
  return `${Math.max(shortest, Math.round((Number(count) * MS_PER_UNIT[unit as DurationUnit]) / 1_000 / FACTOR))}s`;
}
