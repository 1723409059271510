import { type DurationUnit, MS_PER_UNIT } from '../../src/platform/durations.ts';

/** A minute becomes a second. */
const TIME_FACTOR = 60;
/** A rate needs several scrapes in its window, and a test scrapes once per second. */
const MIN_WINDOW_SECONDS = 5;

/**
 * Shortens the windows, the offsets, the waiting times of alerts and the intervals of groups in a file of rules, so that a
 * test does not wait for hours. The rest of the file does not change, so that tests and production share one set of rules.
 */
export function shortenRules(rules: string): string {
  return rules
    .replace(/\[(\d+)([smhd])\]/g, (_, count, unit) => `[${shortened(count, unit, MIN_WINDOW_SECONDS)}]`)
    .replace(/\boffset (\d+)([smhd])/g, (_, count, unit) => `offset ${shortened(count, unit, MIN_WINDOW_SECONDS)}`)
    .replace(/^( *(?:for|interval):) (\d+)([smhd])$/gm, (_, key, count, unit) => `${key} ${shortened(count, unit, 1)}`);
}

/** Shortens the times that Alertmanager waits to group alerts. */
export function shortenRouting(routing: string): string {
  return routing.replace(
    /^( *group_(?:wait|interval):) (\d+)([smhd])$/gm,
    (_, key, count, unit) => `${key} ${shortened(count, unit, 1)}`,
  );
}

function shortened(count: string, unit: string, minSeconds: number): string {
  return `${Math.max(minSeconds, Math.round((Number(count) * MS_PER_UNIT[unit as DurationUnit]) / 1_000 / TIME_FACTOR))}s`;
}
