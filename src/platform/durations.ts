/** Milliseconds per unit of a duration, with the units of Prometheus. */
export const MS_PER_UNIT = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** A unit of a duration. */
export type DurationUnit = keyof typeof MS_PER_UNIT;

/**
 * Parses a duration of one number and one unit, such as `25ms`, `1.5s`, `30m`, `24h` or `7d`.
 *
 * @returns the duration in milliseconds, or `undefined` if the text has another form
 */
export function parseDurationMs(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|[smhdw])$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * MS_PER_UNIT[unit as DurationUnit];
}
