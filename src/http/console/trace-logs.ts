import { z } from 'zod';
import type { TraceLog } from '../../recent/trace-answer.ts';
import { fetchBounded, urlBelow } from './fetch-bounded.ts';

const MAX_RECORDS = 1_000;

const record = z.record(z.string(), z.string());

/** The fields of VictoriaLogs that are not attributes of the record. */
const OWN_FIELDS = new Set([
  '_time',
  '_msg',
  '_stream',
  '_stream_id',
  'severity',
  'severity_number',
  'trace_id',
  'span_id',
  'flags',
]);

/**
 * Reads the log records of a trace from VictoriaLogs, oldest first.
 *
 * @throws {Error} if VictoriaLogs cannot be asked, or answers in another form
 */
export async function readTraceLogs(victoriaLogsUrl: string, traceId: string): Promise<TraceLog[]> {
  const query = new URLSearchParams({ query: `trace_id:=${traceId}`, limit: String(MAX_RECORDS) });
  const { status, text } = await fetchBounded(urlBelow(victoriaLogsUrl, `select/logsql/query?${query}`));
  if (status !== 200) throw new Error(`VictoriaLogs answered ${status}.`);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => toLog(record.parse(JSON.parse(line))))
    .toSorted((a, b) => a.time.localeCompare(b.time));
}

function toLog(fields: Record<string, string>): TraceLog {
  const attributes = Object.entries(fields).filter(([name]) => !OWN_FIELDS.has(name));
  const spanId = fields['span_id'];
  return {
    time: fields['_time'] ?? '',
    severity: fields['severity'] ?? fields['severity_text'] ?? '',
    body: fields['_msg'] ?? '',
    ...(spanId !== undefined && { spanId }),
    attributes: Object.fromEntries(attributes),
  };
}
