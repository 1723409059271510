/** What the service's metrics say of its resources; each missing where they do not have it. */
export interface Resources {
  readonly memoryBytes?: number;
  /** The heap without its young generation, which is garbage for the most part. */
  readonly heapBytes?: number;
  /** Since the process started. */
  readonly cpuSeconds?: number;
  readonly majorCollections?: number;
}

const names = {
  memory: 'process_memory_usage_bytes',
  cpu: 'process_cpu_time_seconds_total',
  heap: 'v8js_memory_heap_used_bytes',
  collections: 'v8js_gc_duration_seconds_count',
} as const;

const timeoutMs = 5_000;

/** Reads the metrics endpoint. */
export async function readResources(url: URL): Promise<Resources> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) throw new Error(`it answered ${response.status}`);
  return parseResources(await response.text());
}

/**
 * Picks a few numbers out of Prometheus' text format. Series are added up: several workers answer with one series each, told
 * apart by a label. Four names do not need a parser of the whole format, and there is no well-kept one.
 */
export function parseResources(text: string): Resources {
  const memoryBytes = sum(text, names.memory);
  const heapBytes = sum(text, names.heap, (labels) => !/"new_(?:space|large_object_space)"/.test(labels));
  const cpuSeconds = sum(text, names.cpu);
  const majorCollections = sum(text, names.collections, (labels) => labels.includes('"major"'));
  return {
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(heapBytes !== undefined && { heapBytes }),
    ...(cpuSeconds !== undefined && { cpuSeconds }),
    ...(majorCollections !== undefined && { majorCollections }),
  };
}

function sum(text: string, name: string, counts: (labels: string) => boolean = () => true): number | undefined {
  // A label's value may hold a closing brace; the value of the sample follows the last one before a timestamp or exemplar.
  const series = new RegExp(`^${name}(\\{(?:[^"}]|"(?:[^"\\\\]|\\\\.)*")*\\})?[ \\t]+([^ \\t\\n]+)`, 'gm');
  let total: number | undefined;
  for (const [, labels = '', value] of text.matchAll(series)) {
    const number = Number(value);
    if (Number.isFinite(number) && counts(labels)) total = (total ?? 0) + number;
  }
  return total;
}
