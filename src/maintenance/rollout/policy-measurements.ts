import type { Tally } from '../../classifier/statistics/two-proportions.ts';
import type { Measurements } from '../comparison/measurement-types.ts';

/** All that a policy may look at: what is measured of each role, and what it is compared with. */
export interface PolicyMeasurements extends Measurements {
  /** The active version's judged predictions of the last `retrain.accuracyDrop.windowSeconds`. */
  readonly recent: Tally;
  /** The active version's judged predictions since the canary began: what went to neither by choice. */
  readonly besideCanary?: Tally;
  /** The version that a rollback would make active. */
  readonly previous?: string | undefined;
  /** The judged predictions of the version that the active one replaced, from the time before. */
  readonly replaced?: Tally;
  /** Whether a training is under way. */
  readonly retraining: boolean;
}
