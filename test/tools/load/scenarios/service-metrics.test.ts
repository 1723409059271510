import { expect, test } from 'vitest';
import { parseResources } from '../../../../tools/load/scenarios/service-metrics.ts';

test('the series of several workers are added up, without the young generation', () => {
  const text = `# HELP process_memory_usage_bytes The resident set size.
# TYPE process_memory_usage_bytes gauge
process_memory_usage_bytes{worker="1"} 100
process_memory_usage_bytes{worker="2"} 2.5e2 1700000000000
process_memory_usage_bytes_of_something_else 7
process_cpu_time_seconds_total{cpu_mode="user",worker="a } b"} 1.5
process_cpu_time_seconds_total{cpu_mode="system",worker="\\"}"} 0.5 # {trace_id="ab"} 0.1
v8js_memory_heap_used_bytes{v8js_heap_space_name="old_space"} 30
v8js_memory_heap_used_bytes{v8js_heap_space_name="new_space"} 1000
v8js_memory_heap_used_bytes{v8js_heap_space_name="large_object_space"} 12
v8js_memory_heap_used_bytes{v8js_heap_space_name="new_large_object_space"} 500
v8js_gc_duration_seconds_count{v8js_gc_type="minor"} 9
v8js_gc_duration_seconds_count{v8js_gc_type="major"} 3
`;
  expect(parseResources(text)).toEqual({ memoryBytes: 350, cpuSeconds: 2, heapBytes: 42, majorCollections: 3 });
});

test('a missing metric and a value that is not a number give no field', () => {
  expect(parseResources('process_memory_usage_bytes NaN\n')).toEqual({});
});
