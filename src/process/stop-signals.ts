/**
 * Handles the signals that stop a process, from its first moment on. The preloads import this module before all others,
 * because a signal during the start must end the process at once, and without an error.
 */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** A signal that stops the process. */
export type StopSignal = (typeof STOP_SIGNALS)[number];

let listener: (signal: StopSignal) => void = () => process.exit(0);

for (const signal of STOP_SIGNALS) process.on(signal, () => listener(signal));

/** Sets the listener of stop signals. It replaces the previous one. Without a listener the process exits at once. */
export function onStopSignal(newListener: (signal: StopSignal) => void): void {
  listener = newListener;
}
