import type { ResourceRow } from '../scenarios/resource-watch.ts';
import type { TimelineRow } from '../scenarios/run.ts';
import { format } from '../scenarios/thresholds.ts';

const LINE_INTERVAL_SECONDS = 10;
const MEBIBYTE = 1_048_576;

/** Creates a progress display: one line that is redrawn on a terminal, or a new line every ten seconds in a file. */
export function createLoadProgress(stream: NodeJS.WriteStream, plannedSeconds: number | undefined) {
  let phase = '';
  let shown = -Infinity;
  let failed = 0;
  let drawn = false;
  return {
    show(row: TimelineRow, resources: ResourceRow | undefined): void {
      failed += row.failed;
      const line = describe(row, failed, plannedSeconds, resources);
      if (stream.isTTY) {
        stream.write(`\r\u001b[K${line.slice(0, (stream.columns ?? 120) - 1)}`);
        drawn = true;
      } else if (row.phase !== phase || row.seconds - shown >= LINE_INTERVAL_SECONDS) {
        stream.write(`${line}\n`);
        shown = row.seconds;
      }
      phase = row.phase;
    },
    clear(): void {
      if (drawn) stream.write('\r\u001b[K');
    },
  };
}

function describe(
  { seconds, windowSeconds, phase, targetRate, answered, latency }: TimelineRow,
  failed: number,
  plannedSeconds: number | undefined,
  resources: ResourceRow | undefined,
): string {
  const parts = [
    `${phase.padEnd(8)} ${format(seconds)}${plannedSeconds === undefined ? '' : ` of ${format(plannedSeconds)}`} s`,
    `${format(answered / windowSeconds)}/s${targetRate === null ? '' : ` of ${format(targetRate)}/s`}`,
    latency === null ? 'no answer' : `p50 ${format(latency.p50)} ms, p99 ${format(latency.p99)} ms`,
    `errors ${failed}`,
  ];
  if (resources?.memoryBytes !== undefined) parts.push(`${format(resources.memoryBytes / MEBIBYTE)} MiB`);
  if (resources?.cores !== undefined) parts.push(`${format(resources.cores)} cores`);
  return parts.join('  ');
}
