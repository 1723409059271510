import type { DriftMonitor } from '../../drift/drift-monitor.ts';
import type { FeedbackService } from '../../feedback/feedback-service.ts';
import type { FeedbackStore } from '../../feedback/feedback-store.ts';
import type { Comparer } from '../../insights/comparer.ts';
import type { Retrainer } from '../../maintenance/retraining/retrainer.ts';
import type { Maintenance } from '../../maintenance/rollout/maintenance.ts';
import type { ModelRegistry } from '../../models/registry.ts';
import type { Models } from '../../models/store.ts';
import type { Config } from '../../platform/config.ts';
import { Problem } from '../../platform/problems.ts';
import type { Predictor } from '../../predictions/predictor.ts';
import type { RecentPredictions } from '../../recent/queries/recent-predictions.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { Log } from '../../telemetry/logs/log.ts';
import type { Caller } from './caller.ts';

/** The tokens of the service. */
export interface TokenStore {
  /** Returns the owner of a token, or `undefined` if the token is unknown or has expired. */
  find(token: string): Caller | undefined;
  close(): void;
}

/** The parts of the service that the routes use. */
export interface Service {
  readonly config: Config;
  readonly log: Log;
  readonly instruments: Instruments;
  readonly phase: () => 'loading' | 'ready' | 'draining';
  /** Returns one sentence for each part that does not work fully, and that predictions do not need. */
  readonly degradations: () => readonly string[];
  /** @throws {Problem} 503 while the models are loading */
  readonly models: () => Models;
  /** @throws {Problem} 503 while the models are loading */
  readonly registry: () => ModelRegistry;
  /** @throws {Problem} 503 while the models are loading */
  readonly retrainer: () => Retrainer;
  /** @throws {Problem} 503 while the models are loading */
  readonly maintenance: () => Maintenance;
  /** `undefined` if the service has no tokens, so that every request may do everything. */
  readonly tokens: TokenStore | undefined;
  readonly predictor: Predictor;
  readonly feedbackService: FeedbackService;
  readonly feedbackStore: FeedbackStore;
  readonly driftMonitor: DriftMonitor;
  /** The memory of the latest predictions. */
  readonly recent: RecentPredictions;
  /** Compares predictions in a thread of its own. */
  readonly comparer: Comparer;
}

/** Returns the problem of a request that arrives before the models are loaded. */
export function notReadyProblem(): Problem {
  return new Problem('not-ready', 'The models are still loading.', { 'retry-after': '1' });
}
