const KIBI = 1024;
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB'];

/** Returns a value in a unit of Grafana, short enough for an axis. */
export function formatValue(value: number, unit: string, decimals?: number): string {
  switch (unit) {
    case 's':
      return formatSeconds(value);
    case 'bytes':
      return formatBytes(value);
    case 'percentunit':
      return `${decimals === undefined ? round(value * 100) : (value * 100).toFixed(decimals)} %`;
    case 'reqps':
    case 'ops':
    case 'cps':
      return `${round(value)}/s`;
    default:
      return round(value);
  }
}

function formatSeconds(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 1e-3) return `${round(value * 1e6)} µs`;
  return size < 1 ? `${round(value * 1e3)} ms` : `${round(value)} s`;
}

function formatBytes(value: number): string {
  const power = value < 1 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log2(value) / 10));
  return `${round(value / KIBI ** power)} ${BYTE_UNITS[power]}`;
}

/** Returns three digits that say something, without zeros at the end. */
function round(value: number): string {
  if (Math.abs(value) >= 1e6) return `${round(value / 1e6)} M`;
  if (Math.abs(value) >= 1e4) return `${round(value / 1e3)} K`;
  const rounded = Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
  return String(Number(rounded));
}
