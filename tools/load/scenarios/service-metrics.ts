/** The resources of the service. A field is missing if the metrics do not hold it. */
export interface Resources {
  readonly memoryBytes?: number;
  /** The heap without the young generation, which is mostly garbage. */
  readonly heapBytes?: number;
  /** The CPU time since the process started. */
  readonly cpuSeconds?: number;
  readonly majorCollections?: number;
  /** The number of predictions for requests that were marked as synthetic. */
  readonly syntheticPredictions?: number;
}

const metricNames = {
  memory: 'process_memory_usage_bytes',
  cpu: 'process_cpu_time_seconds_total',
  heap: 'v8js_memory_heap_used_bytes',
  collections: 'v8js_gc_duration_seconds_count',
  synthetic: 'classifier_synthetic_predictions_total',
} as const;

const TIMEOUT_MS = 5_000;

/**
 * Reads the resources from the metrics endpoint of the service.
 *
 * @throws {Error} if the endpoint cannot be reached or answers with an error
 */
export async function readResources(url: URL): Promise<Resources> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`it answered ${response.status}`);
  return parseResources(await response.text());
}

/**
 * Parses the resources from a page in Prometheus' text format. The series of a metric are added up, since each worker
 * has its own. Five metrics do not need a parser of the whole format, and no maintained package has one.
 */
export function parseResources(text: string): Resources {
  const memoryBytes = sum(text, metricNames.memory);
  const heapBytes = sum(text, metricNames.heap, (labels) => !/"new_(?:space|large_object_space)"/.test(labels));
  const cpuSeconds = sum(text, metricNames.cpu);
  const majorCollections = sum(text, metricNames.collections, (labels) => labels.includes('"major"'));
  const syntheticPredictions = sum(text, metricNames.synthetic);
  return {
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(heapBytes !== undefined && { heapBytes }),
    ...(cpuSeconds !== undefined && { cpuSeconds }),
    ...(majorCollections !== undefined && { majorCollections }),
    ...(syntheticPredictions !== undefined && { syntheticPredictions }),
  };
}

function sum(text: string, name: string, matches: (labels: string) => boolean = () => true): number | undefined {
  // A label value may hold a closing brace. A timestamp or an exemplar may follow the value of the sample.
  const series = new RegExp(`^${name}(\\{(?:[^"}]|"(?:[^"\\\\]|\\\\.)*")*\\})?[ \\t]+([^ \\t\\n]+)`, 'gm');
  let total: number | undefined;
  for (const [, labels = '', value] of text.matchAll(series)) {
    const number = Number(value);
    if (Number.isFinite(number) && matches(labels)) total = (total ?? 0) + number;
  }
  return total;
}
