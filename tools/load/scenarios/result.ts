import type { Accuracy, VersionAnswers } from '../generator/check-answer.ts';
import type { SlowRequest } from '../generator/slowest.ts';
import type { Comparison } from './baseline.ts';
import type { GrowthVerdict } from './leak.ts';
import type { Machine } from './machine.ts';
import type { ResourceRow } from './resource-watch.ts';
import type { PhaseResult, TimelineRow } from './run.ts';
import type { ScenarioName, ScenarioResult, Settings } from './scenarios.ts';
import type { Check, Thresholds } from './thresholds.ts';
import type { Trend } from './trend.ts';

/**
 * The result of a run. It is the content of the JSON file, and the source of the tables and the HTML report. Times are
 * in seconds since the start of the run.
 */
export interface LoadResult {
  /** The version of the JSON format. It changes when a field is renamed or removed. */
  readonly format: 2;
  readonly scenario: ScenarioName;
  readonly target: string;
  readonly started: string;
  readonly seconds: number;
  readonly settings: Settings & {
    readonly model: string | null;
    readonly timeoutMs: number;
    /** True if the requests were marked as synthetic. */
    readonly synthetic: boolean;
  };
  readonly data: {
    readonly name: string;
    readonly texts: number;
    readonly labelled: number;
    readonly meanCharacters: number;
  };
  readonly generator: {
    readonly node: string;
    readonly cores: number;
    /** The mean number of cores that the load generator used. */
    readonly used: number;
  };
  readonly machine: Machine;
  /** The model versions that answered, warm-up included, the most frequent first. */
  readonly versions: readonly VersionAnswers[];
  readonly thresholds: Thresholds;
  /** True if nothing limited the result: the run only measured. */
  readonly measuredOnly: boolean;
  readonly passed: boolean;
  /** True if the run was stopped before its end. */
  readonly interrupted: boolean;
  readonly checks: readonly Check[];
  /** Sentences about conditions that make the numbers less reliable. */
  readonly notes: readonly string[];
  readonly phases: readonly PhaseResult[];
  /** The phases that were checked against the thresholds. */
  readonly checkedPhases: readonly PhaseResult[];
  readonly knee: ScenarioResult['knee'] | null;
  readonly recovery: ScenarioResult['recovery'] | null;
  readonly accuracy: Accuracy;
  /** The slowest requests of the checked phases, with the addresses of their traces. */
  readonly slowest: readonly (SlowRequest & { readonly trace: string })[];
  readonly comparison: Comparison | null;
  readonly stability: Stability | null;
  readonly metrics: { readonly url: string; readonly problem: string | null };
  readonly timeline: readonly TimelineRow[];
  readonly resources: readonly ResourceRow[];
}

/** The growth of memory and latency during a soak. */
export interface Stability {
  readonly memory: readonly GrowthVerdict[];
  readonly latency: readonly LatencyTrend[];
}

/** The trend of a latency percentile, in milliseconds per second, and its median in milliseconds. */
interface LatencyTrend {
  readonly percentile: 'p50' | 'p99';
  readonly trend: Trend | null;
  readonly median: number;
}
