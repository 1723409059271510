import type { Accuracy } from '../generator/check-answer.ts';
import type { GrowthVerdict } from './leak.ts';
import type { ResourceRow } from './resource-watch.ts';
import type { PhaseResult, TimelineRow } from './run.ts';
import type { Findings, ScenarioName, Settings } from './scenarios.ts';
import type { Check, Thresholds } from './thresholds.ts';
import type { Trend } from './trend.ts';

/** Everything a run found: what the JSON file holds, and what table and report are made of. Times are in seconds since its start. */
export interface LoadResult {
  readonly format: 1;
  readonly scenario: ScenarioName;
  readonly target: string;
  readonly started: string;
  readonly seconds: number;
  readonly settings: Settings & { readonly model: string | null; readonly timeoutMs: number };
  readonly data: { readonly name: string; readonly texts: number; readonly labelled: number };
  readonly generator: {
    readonly node: string;
    readonly cores: number;
    /** How many cores this process itself used. */
    readonly used: number;
  };
  readonly thresholds: Thresholds;
  readonly passed: boolean;
  /** Whether somebody stopped the run before its end. */
  readonly interrupted: boolean;
  readonly checks: readonly Check[];
  /** What a reader has to know before they believe the numbers. */
  readonly notes: readonly string[];
  readonly phases: readonly PhaseResult[];
  /** The names of the phases that thresholds looked at. */
  readonly judged: readonly PhaseResult[];
  readonly knee: Findings['knee'] | null;
  readonly recovery: Findings['recovery'] | null;
  readonly accuracy: Accuracy;
  readonly stability: Stability | null;
  readonly metrics: { readonly url: string; readonly problem: string | null };
  readonly timeline: readonly TimelineRow[];
  readonly resources: readonly ResourceRow[];
}

/** Of a soak. */
export interface Stability {
  readonly memory: readonly GrowthVerdict[];
  /** Milliseconds a second. */
  readonly latency: readonly { readonly what: 'p50' | 'p99'; readonly trend: Trend | null; readonly median: number }[];
}
