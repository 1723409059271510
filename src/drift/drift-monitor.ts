import {
  type DriftVerdict,
  type FeatureDrift,
  measureDrift,
  combineVerdicts,
} from '../classifier/statistics/drift-test.ts';
import type { DriftFeature, Observation } from '../classifier/statistics/training-reference.ts';
import type { Model } from '../models/store.ts';
import { type BinLayout, layOutBins } from './bin-layout.ts';
import { createSlidingCounts, type SlidingCounts, type SlidingCountsFactory } from './sliding-counts.ts';

/** How long a prediction counts for `GET /drift` and the drift gauges. */
export const DRIFT_WINDOW_MS = 3_600_000;

const slices = 60;

/** One bin of one feature. */
export interface Bin {
  readonly name: string;
  /** Share of the training texts. */
  readonly reference: number;
  /** Predictions. */
  readonly count: number;
}

export interface FeatureReport extends FeatureDrift {
  readonly feature: DriftFeature;
  readonly bins: readonly Bin[];
}

export interface DriftReport {
  readonly verdict: DriftVerdict;
  readonly features: readonly FeatureReport[];
  /** Mean confidence of the predictions; null where there are none. */
  readonly meanConfidence: number | null;
  readonly predictions: number;
}

/** One count of all predictions since the start. */
export interface BinTotal {
  readonly model: Model;
  readonly feature: DriftFeature;
  readonly bin: string;
  readonly reference: number;
  readonly count: number;
}

/** Watches what the predictions of each model version look like, beside what its training data looked like. */
export interface DriftMonitor {
  /** Begins to watch a version, so that its counts start at 0 and not at its first prediction. */
  watch(model: Model): void;
  /** Gives up the counts of a model's versions but for those that are still loaded. */
  keepOnly(name: string, versions: readonly Model[]): void;
  observe(model: Model, observation: Observation): void;
  /** The last hour's predictions of this service on this machine, all its processes, against the training data. */
  report(model: Model): DriftReport;
  /** The versions that are watched. */
  watched(): Iterable<Model>;
  totals(): Iterable<BinTotal>;
}

interface Watched {
  readonly layout: BinLayout;
  readonly totals: Float64Array;
  readonly window: SlidingCounts;
}

/**
 * @param now the time in milliseconds
 * @param windowOf where other processes watch the same models: counts that are everybody's
 */
export function createDriftMonitor(
  now: () => number = Date.now,
  windowOf: SlidingCountsFactory = (_, ...bounds) => createSlidingCounts(...bounds),
): DriftMonitor {
  const watched = new Map<Model, Watched>();

  function watch(model: Model): Watched {
    const known = watched.get(model);
    if (known) return known;
    // A version that is loaded again goes on counting where it was.
    for (const [older, counts] of watched) {
      if (older.name !== model.name || older.version !== model.version) continue;
      watched.delete(older);
      watched.set(model, counts);
      return counts;
    }
    const layout = layOutBins(model.classifier.labels);
    const added = {
      layout,
      totals: new Float64Array(layout.size),
      // One place more than there are bins: it holds the sum of the confidences.
      window: windowOf(`${model.name}@${model.version}`, layout.size + 1, DRIFT_WINDOW_MS, slices),
    };
    watched.set(model, added);
    return added;
  }

  return {
    watch: (model) => void watch(model),

    keepOnly(name, versions) {
      for (const [model, { window }] of watched) {
        if (model.name !== name || versions.includes(model)) continue;
        watched.delete(model);
        window.end?.();
      }
    },

    observe(model, observation) {
      const { layout, totals, window } = watch(model);
      const time = now();
      for (const place of layout.placesOf(observation)) {
        totals[place]! += 1;
        window.add(place, 1, time);
      }
      window.add(layout.size, observation.confidence, time);
    },

    report(model) {
      const { layout, window } = watch(model);
      const sums = window.sums(now());
      const features = layout.features.map(({ feature, start, names }): FeatureReport => {
        const counts = Array.from(sums.subarray(start, start + names.length));
        const reference = names.map((name) => model.manifest.reference[feature][name] ?? 0);
        return {
          feature,
          ...measureDrift(counts, reference, model.manifest.training.documents),
          bins: names.map((name, at) => ({ name, reference: reference[at]!, count: counts[at]! })),
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

    watched: () => watched.keys(),

    *totals() {
      for (const [model, { layout, totals }] of watched) {
        for (const { feature, start, names } of layout.features) {
          const shares = model.manifest.reference[feature];
          for (const [at, bin] of names.entries()) {
            yield { model, feature, bin, reference: shares[bin] ?? 0, count: totals[start + at]! };
          }
        }
      }
    },
  };
}
