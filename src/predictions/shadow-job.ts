import type { Context, Span } from '@opentelemetry/api';
import type { DriftMonitor } from '../drift/drift-monitor.ts';
import type { Model, ShadowBudget } from '../models/store.ts';
import type { PredictionMemory } from '../recent/memory/prediction-memory.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import type { Log } from '../telemetry/logs/log.ts';
import type { ExperimentRecorder } from './experiment-recorder.ts';

/** A text that the active version has answered and a shadow will score. */
export interface ShadowJob {
  readonly active: Model;
  readonly shadow: Model;
  readonly text: string;
  /** The id of the active version's prediction. */
  readonly id: string;
  /** The sequence of the prediction in the memory; 0 if it is not there. */
  readonly row: number;
  readonly predictedAt: number;
  /** The label of the active version. */
  readonly label: string;
  /** True if the prediction was picked for review. */
  readonly asked: boolean;
  /** The `classify` span of the prediction. The queue ends it after the shadow has scored. */
  readonly span: Span;
  /** The end time of the span: when the active version had scored. */
  readonly endTime: number;
  readonly scope: Context;
}

/** Options of the shadow queue. */
export interface ShadowQueueOptions {
  readonly instruments: Instruments;
  readonly log: Log;
  readonly driftMonitor: Pick<DriftMonitor, 'observe'>;
  readonly recorder: ExperimentRecorder;
  readonly memory?: Pick<PredictionMemory, 'recordShadow'>;
  /** The share of one core, from 0 to 1. */
  readonly cpuShare?: number;
  /** Returns the budget that the policy gives to the shadow of a model. */
  readonly budgetOf?: (name: string) => ShadowBudget | undefined;
}
