import { z } from 'zod';

/** What Node writes under `--cpu-prof`, as far as it is read here. */
const CpuProfile = z.object({
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

/** Work that is told by whoever asked for it, whatever it calls: the outermost frame that is one of these decides. */
const wholes: readonly (readonly [part: string, pattern: RegExp])[] = [
  ['export of spans and log records', /otlp-exporter-base|otlp-transformer|patient-exporter/],
  ['classifier: tokenise and score', /\/src\/classifier\//],
  ['prediction id', /\/src\/predictions\/(?:prediction-id|hmac-)/],
  ['log record', /\/src\/monitoring\/(?:log|standard-output)\.ts|\/pino\/|sonic-boom|sdk-logs/],
];

/** All other work is told by the innermost frame that is one of these. */
const leaves: readonly (readonly [part: string, pattern: RegExp])[] = [
  [
    'metrics',
    /sdk-metrics|counted-histogram|exemplar-|counting-meter|monitoring\/(?:series|observed-sum)|\/src\/drift\//,
  ],
  [
    'spans and their context',
    /@opentelemetry\/(?:sdk-trace|api|core|context-async-hooks)|otel\/(?:server-instr|plain-|span-|linked-)|follower|trace-ids|random-|async_context_frame/,
  ],
  [
    'Koa and router',
    /\/node_modules\/(?:@koa\/|koa|on-finished|delegates|statuses|mime-|parseurl|debug|type-is|content-)/,
  ],
  ['routes: body, checks, answer', /\/src\/http\/|\/src\/predictions\/|\/node_modules\/zod\//],
  ["Node: HTTP, streams, sockets, the kernel's part of reads and writes", /^node:/],
];

const GC = 'garbage collection';
const REST = 'the rest: event loop, native code, what is not told apart';

/**
 * How long the main thread was busy with each part between two moments of a profile, in microseconds.
 *
 * @param json what `--cpu-prof` wrote
 * @param from in seconds since the profile began
 */
export function busyByPart(json: unknown, from: number, to: number): Map<string, number> {
  const { nodes, samples, timeDeltas } = CpuProfile.parse(json);
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const parts = new Map<number, string | undefined>();
  const busy = new Map<string, number>();
  let time = 0;
  for (const [at, id] of samples.entries()) {
    const took = timeDeltas[at] ?? 0;
    time += took;
    if (time < from * 1e6 || time > to * 1e6) continue;
    if (!parts.has(id)) parts.set(id, partOf(stackOf(id, frames, parents)));
    const part = parts.get(id);
    if (part !== undefined) busy.set(part, (busy.get(part) ?? 0) + took);
  }
  return busy;
}

/** The frames of a sample, the innermost first. */
function stackOf(id: number, frames: ReadonlyMap<number, Frame>, parents: ReadonlyMap<number, number>): Frame[] {
  const stack: Frame[] = [];
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) stack.push(frames.get(at)!);
  return stack;
}

/** The part that a sample belongs to; undefined while nothing was done. */
function partOf(stack: readonly Frame[]): string | undefined {
  const innermost = stack[0]?.functionName;
  if (innermost === '(idle)') return undefined;
  if (innermost === '(garbage collector)') return GC;
  for (const [part, pattern] of wholes) if (stack.some(({ url }) => pattern.test(url))) return part;
  for (const { url } of stack) {
    const found = leaves.find(([, pattern]) => pattern.test(url));
    if (found) return found[0];
  }
  return REST;
}
