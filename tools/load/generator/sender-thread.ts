import { parentPort, workerData } from 'node:worker_threads';
import { openConnection, type Target } from './connection.ts';
import type { LoadLevel, Outcome } from './outcome.ts';
import { createPacer } from './pacer.ts';
import { createSender } from './sender.ts';

/** The options of the thread. */
export interface SenderData {
  readonly target: Target;
  readonly bodies: readonly string[];
  readonly timeoutMs: number;
  readonly maxConnections: number;
}

/** A message to the thread: begin a run, stop it, or end the thread. */
export type SenderCommand =
  | { readonly kind: 'run'; readonly loadLevel: LoadLevel; readonly durationMs: number }
  | { readonly kind: 'stop' }
  | { readonly kind: 'close' };

/** A message from the thread. */
export interface SenderReport {
  readonly outcomes: readonly Outcome[];
  /** True in the last report of a run. */
  readonly ended: boolean;
}

/** The time between two reports. Few reports disturb the sending less than one for each answer. */
const REPORT_MS = 50;

const { target, bodies, timeoutMs, maxConnections } = workerData as SenderData;
const port = parentPort!;
const pacer = createPacer();
let outcomes: Outcome[] = [];
let stop = new AbortController();
const sender = createSender({
  pacer,
  bodies: bodies.map((body) => Buffer.from(body)),
  timeoutMs,
  maxConnections,
  open: (events) => openConnection(target, timeoutMs, events),
  onOutcome: (outcome) => void outcomes.push(outcome),
});

port.on('message', (command: SenderCommand) => {
  if (command.kind === 'run') void run(command.loadLevel, command.durationMs);
  else if (command.kind === 'stop') stop.abort();
  else void pacer.close().then(() => process.exit());
});

/** Runs one load level. An error ends the thread, which its creator reports. */
async function run(loadLevel: LoadLevel, durationMs: number): Promise<void> {
  stop = new AbortController();
  const timer = setInterval(report, REPORT_MS, false);
  await sender.run(loadLevel, durationMs, stop.signal);
  clearInterval(timer);
  report(true);
}

function report(ended: boolean): void {
  if (outcomes.length === 0 && !ended) return;
  port.postMessage({ outcomes, ended } satisfies SenderReport);
  outcomes = [];
}
