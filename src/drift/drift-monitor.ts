import {
  combineVerdicts,
  type DriftVerdict,
  type FeatureDrift,
  measureDrift,
} from '../classifier/statistics/drift-test.ts';
import type { DriftFeature, Observation } from '../classifier/statistics/training-reference.ts';
import type { ModelVersion } from '../models/store.ts';
import { type BinLayout, createBinLayout } from './bin-layout.ts';
import { createSlidingCounts, type SlidingCounts, type SlidingCountsFactory } from './sliding-counts.ts';

/** The time in milliseconds for which `GET /drift` and the drift gauges count a prediction. */
export const DRIFT_WINDOW_MS = 3_600_000;

const SLICES = 60;

/** One bin of one feature. */
export interface Bin {
  readonly name: string;
  /** The share of the training texts in this bin. */
  readonly reference: number;
  /** The number of predictions in this bin. */
  readonly count: number;
}

/** The drift of one feature with its bins. */
export interface FeatureReport extends FeatureDrift {
  readonly feature: DriftFeature;
  readonly bins: readonly Bin[];
}

/** The drift of a model version in the last hour. */
export interface DriftReport {
  readonly verdict: DriftVerdict;
  readonly features: readonly FeatureReport[];
  /** The mean confidence of the predictions, or null if there are none. */
  readonly meanConfidence: number | null;
  /** The number of predictions in the window. */
  readonly predictions: number;
}

/** The count of one bin since the start of the process. */
export interface BinTotal {
  readonly model: ModelVersion;
  readonly feature: DriftFeature;
  readonly bin: string;
  readonly reference: number;
  readonly count: number;
}

/** Compares the predictions of each model version with its training data. */
export interface DriftMonitor {
  /** Adds a version, so that its counts start at 0 before its first prediction. */
  watch(model: ModelVersion): void;
  /** Drops the counts of a version. */
  forget(name: string, version: string): void;
  /** Counts one prediction. */
  observe(model: ModelVersion, observation: Observation): void;
  /**
   * Compares the predictions of the last hour, from all processes of the service on this machine, with the training
   * data.
   */
  report(model: ModelVersion): DriftReport;
  /** Returns the watched versions. */
  watched(): Iterable<ModelVersion>;
  /** Returns the counts of all bins of all watched versions since the start of the process. */
  totals(): Iterable<BinTotal>;
}

/** The counts of one watched version. */
interface VersionCounts {
  /** Without the classifier, so that the counts do not keep it in memory. */
  readonly model: ModelVersion;
  readonly layout: BinLayout;
  readonly totals: Float64Array;
  readonly window: SlidingCounts;
}

/**
 * Creates a drift monitor.
 *
 * @param now returns the time in milliseconds, of a clock that is never set: a wall clock that jumps would freeze the window.
 * @param createWindow creates the counts of the last hour; worker processes pass a factory that pools their counts
 * @param onWatch receives each version that is watched from now on
 */
export function createDriftMonitor(
  now: () => number = () => performance.now(),
  createWindow: SlidingCountsFactory = (_, ...bounds) => createSlidingCounts(...bounds),
  onWatch: (model: ModelVersion) => void = () => {},
): DriftMonitor {
  const watched = new Map<string, VersionCounts>();
  /** Finds the counts of a prediction faster than by name and version. */
  let byIdentity = new WeakMap<ModelVersion, VersionCounts>();

  function watch(model: ModelVersion): VersionCounts {
    const known = byIdentity.get(model);
    if (known) return known;
    // A version that is loaded again continues its counts.
    const key = `${model.name}@${model.version}`;
    const counts = watched.get(key) ?? createCounts(model);
    watched.set(key, counts);
    byIdentity.set(model, counts);
    return counts;
  }

  function createCounts(model: ModelVersion): VersionCounts {
    const { name, version, manifest } = model;
    onWatch(model);
    const layout = createBinLayout(manifest.labels);
    return {
      model: { name, version, manifest },
      layout,
      totals: new Float64Array(layout.size),
      // The extra element holds the sum of the confidences.
      window: createWindow(`${name}@${version}`, layout.size + 1, DRIFT_WINDOW_MS, SLICES),
    };
  }

  return {
    watch: (model) => void watch(model),

    forget(name, version) {
      const key = `${name}@${version}`;
      watched.get(key)?.window.close?.();
      watched.delete(key);
      byIdentity = new WeakMap();
    },

    observe(model, observation) {
      const { layout, totals, window } = watch(model);
      const time = now();
      for (const index of layout.indexesOf(observation)) {
        totals[index]! += 1;
        window.add(index, 1, time);
      }
      window.add(layout.size, observation.confidence, time);
    },

    report(model) {
      const { layout, window } = watch(model);
      const sums = window.sums(now());
      const features = layout.features.map(({ feature, start, names }): FeatureReport => {
        const counts = Array.from(sums.subarray(start, start + names.length));
        const reference = names.map((name) => shareOf(model, feature, name));
        return {
          feature,
          ...measureDrift(counts, reference, referenceDocumentsOf(model)),
          bins: names.map((name, index) => ({ name, reference: reference[index]!, count: counts[index]! })),
        };
      });
      const predictions = features[0]!.samples;
      return {
        verdict: combineVerdicts(features.map(({ verdict }) => verdict)),
        features,
        predictions,
        meanConfidence: predictions === 0 ? null : sums[layout.size]! / predictions,
      };
    },

    watched: () => [...watched.values()].map(({ model }) => model),

    *totals() {
      for (const { model, layout, totals } of watched.values()) {
        for (const { feature, start, names } of layout.features) {
          for (const [index, bin] of names.entries()) {
            yield { model, feature, bin, reference: shareOf(model, feature, bin), count: totals[start + index]! };
          }
        }
      }
    },
  };
}

/** Returns the number of texts of the reference. Older manifests have the training documents as the reference. */
export function referenceDocumentsOf({ manifest }: ModelVersion): number {
  return manifest.referenceDocuments ?? manifest.training.documents;
}

/** Returns the share of a bin in the reference. Labels are names of bins, and an object has properties of its own. */
function shareOf({ manifest }: ModelVersion, feature: DriftFeature, bin: string): number {
  const shares = manifest.reference[feature];
  return Object.hasOwn(shares, bin) ? shares[bin]! : 0;
}
