import type { Config } from '../config.ts';
import type { DriftMonitor } from '../drift/drift-monitor.ts';
import { Problem } from '../errors.ts';
import type { FeedbackDesk } from '../feedback/feedback-desk.ts';
import type { FeedbackStore } from '../feedback/feedback-store.ts';
import type { Maintenance } from '../maintenance/maintenance.ts';
import type { Retrainer } from '../maintenance/retrainer.ts';
import type { ModelRegistry } from '../models/registry.ts';
import type { Models } from '../models/store.ts';
import type { Instruments } from '../monitoring/instruments.ts';
import type { Log } from '../monitoring/log.ts';
import type { Predictor } from '../predictions/predictor.ts';

/** What the routes serve from. */
export interface Service {
  readonly config: Config;
  readonly log: Log;
  readonly instruments: Instruments;
  readonly phase: () => 'loading' | 'ready' | 'draining';
  /** @throws {Problem} 503 while the models are loading */
  readonly models: () => Models;
  /** @throws {Problem} 503 while the models are loading */
  readonly registry: () => ModelRegistry;
  /** @throws {Problem} 503 while the models are loading */
  readonly retrainer: () => Retrainer;
  /** @throws {Problem} 503 while the models are loading */
  readonly maintenance: () => Maintenance;
  readonly predictor: Predictor;
  readonly feedbackDesk: FeedbackDesk;
  readonly feedbackStore: FeedbackStore;
  readonly driftMonitor: DriftMonitor;
}

/** The problem of a request that comes before the models are loaded. */
export function notReady(): Problem {
  return new Problem('not-ready', 'The models are still loading.', { 'retry-after': '1' });
}
