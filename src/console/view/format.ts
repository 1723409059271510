const counts = new Intl.NumberFormat('en-GB');

/** Returns a whole number with separators: 10,000. */
export function formatCount(value: number): string {
  return counts.format(Math.round(value));
}

/** Returns a rate or another number with about three digits: 512, 42.3, 0.21. */
export function formatNumber(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 100) return formatCount(value);
  return size >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Returns a duration in seconds with its unit: 12 µs, 0.92 ms, 18.4 ms, 1.20 s. */
export function formatSeconds(seconds: number): string {
  const [value, unit] = durationParts(seconds);
  return `${value} ${unit}`;
}

/** Returns the number and the unit of a duration in seconds. */
export function durationParts(seconds: number): [value: string, unit: string] {
  if (seconds === 0) return ['0', 'ms'];
  if (seconds < 1e-4) return [formatNumber(seconds * 1e6), 'µs'];
  if (seconds < 1) return [formatNumber(seconds * 1e3), 'ms'];
  if (seconds < 120) return [formatNumber(seconds), 's'];
  return [formatNumber(seconds / 60), 'min'];
}

/** Returns a number without the zeros behind its point, for the ticks of axes: 20.0 ms is 20 ms. */
export function withoutZeros(text: string): string {
  return text.replace(/(\.\d*?)0+(?=\D|$)/, '$1').replace(/\.(?=\D|$)/, '');
}

/** Returns a duration as milliseconds for a column: always two decimals, so that the points are below each other. */
export function formatMilliseconds(seconds: number): string {
  return (seconds * 1e3).toFixed(2);
}

/** Returns a share as a percentage: 0.4 %, 12 %, 99.3 %. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.05) return '< 0.1 %';
  const isWhole = percent === 0 || percent === 100 || (percent >= 10 && percent < 99);
  return `${isWhole ? percent.toFixed(0) : percent.toFixed(1)} %`;
}

/** Returns a size in MB. */
export function formatMegabytes(bytes: number): string {
  return formatNumber(bytes / 1e6);
}

/** Returns the local time of day, 24 hours. */
export function formatClock(time: string | number, withMilliseconds = false): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return '–';
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return withMilliseconds ? `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}` : clock;
}

/** Returns the local date and time of day. */
export function formatTime(time: string | number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return '–';
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${formatClock(time)}`;
}

/** Returns the reason of an anomaly or another name of the service in words: `low_confidence` is "low confidence". */
export function words(name: string): string {
  return name.replaceAll(/[_-]/g, ' ');
}

/** Returns a noun with its number: 1 span, 2 spans. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
