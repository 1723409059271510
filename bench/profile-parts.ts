import { z } from 'zod';

/** The fields of a profile of `node --cpu-prof` that are used here. */
const cpuProfileSchema = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string() }),
      children: z.array(z.number()).optional(),
    }),
  ),
  startTime: z.number(),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

interface Frame {
  readonly functionName: string;
  readonly url: string;
}

type Part = readonly [name: string, urlPattern: RegExp];

/** Parts with all the work that they call: any frame of a sample that matches decides, the first part first. */
const WHOLE_PARTS: readonly Part[] = [
  [
    'export of spans and log records',
    /otlp-exporter-base|otlp-transformer|\/sdk\/(?:retrying-exporter|batch-processors)/,
  ],
  ['classifier: tokenise and score', /\/src\/classifier\//],
  ['memory of predictions', /\/src\/recent\//],
  ['prediction id', /\/src\/predictions\/prediction-id/],
  ['log record', /\/src\/telemetry\/(?:logs\/|light\/light-logger)|\/pino\/|sonic-boom|sdk-logs/],
];

/** Parts for all other samples: the innermost frame that matches decides. */
const LEAF_PARTS: readonly Part[] = [
  // A middleware calls all that come after it, so its own work alone counts.
  ['tokens, and protection against other sites', /\/src\/http\/access\//],
  ['metrics', /sdk-metrics|\/src\/telemetry\/(?:metrics\/|instruments|model-metrics)|\/src\/drift\//],
  [
    'spans and their context',
    /@opentelemetry\/(?:sdk-trace|api|core|context-async-hooks)|\/src\/telemetry\/|\/src\/predictions\/prediction-telemetry|async_context_frame/,
  ],
  [
    'Koa and router',
    /\/node_modules\/(?:@koa\/|koa|on-finished|delegates|statuses|mime-|parseurl|debug|type-is|content-)/,
  ],
  ['routes: body, checks, answer', /\/src\/(?:http|predictions)\/|\/node_modules\/zod\//],
  ["Node: HTTP, streams, sockets, the kernel's part of reads and writes", /^node:/],
];

const GARBAGE_COLLECTION = 'garbage collection';
const REST = 'the rest: event loop, native code, code of no part';

/**
 * Returns the time of the main thread by part between two moments of a profile, in microseconds.
 *
 * @param json the content of a file of `node --cpu-prof`
 * @param from the first moment, in seconds since the start of the profile
 * @param to the second moment
 */
export function busyByPart(json: unknown, from: number, to: number): Map<string, number> {
  const { nodes, samples, timeDeltas } = cpuProfileSchema.parse(json);
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const parts = new Map<number, string | undefined>();
  const busy = new Map<string, number>();
  let time = 0;
  for (const [at, id] of samples.entries()) {
    const duration = timeDeltas[at] ?? 0;
    time += duration;
    if (time < from * 1e6 || time > to * 1e6) continue;
    if (!parts.has(id)) parts.set(id, partOf(stackOf(id, frames, parents)));
    const part = parts.get(id);
    if (part !== undefined) busy.set(part, (busy.get(part) ?? 0) + duration);
  }
  return busy;
}

/** Returns the frames of a sample, the innermost first. */
function stackOf(id: number, frames: ReadonlyMap<number, Frame>, parents: ReadonlyMap<number, number>): Frame[] {
  const stack: Frame[] = [];
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) stack.push(frames.get(at)!);
  return stack;
}

/** Returns the part to which a sample belongs, or `undefined` for an idle sample. */
function partOf(stack: readonly Frame[]): string | undefined {
  const innermost = stack[0]?.functionName;
  if (innermost === '(idle)') return undefined;
  if (innermost === '(garbage collector)') return GARBAGE_COLLECTION;
  for (const [part, pattern] of WHOLE_PARTS) if (stack.some(({ url }) => pattern.test(url))) return part;
  for (const { url } of stack) {
    const found = LEAF_PARTS.find(([, pattern]) => pattern.test(url));
    if (found) return found[0];
  }
  return REST;
}
