import { type Labelling, type SimulatedExperiment, simulateExperiment } from './simulated-service.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A way in which labels come, and whether it can show that a candidate is better. */
export interface Mechanism {
  readonly name: string;
  readonly canShow: boolean;
  readonly traffic: Pick<SimulatedExperiment, 'predictionsPerDay' | 'reviewShare' | 'policy'>;
  readonly labelling: Labelling;
}

/** The share of the errors that people notice and report. */
const REPORTED_SHARE = 0.6;

/** The five mechanisms, and a variant: clients that send reports without a source. */
export const mechanisms: readonly Mechanism[] = [
  {
    name: 'all predictions get a label',
    canShow: true,
    traffic: { predictionsPerDay: 240 },
    labelling: () => ({ source: 'truth', afterMs: HOUR }),
  },
  {
    name: 'a random 2 % is reviewed',
    canShow: true,
    traffic: { predictionsPerDay: 6_000, reviewShare: 0.02, policy: { promote: { canaryShare: 0.5 } as never } },
    labelling: ({ asked }) => (asked ? { source: 'review', afterMs: 2 * HOUR } : undefined),
  },
  {
    name: 'people report errors only',
    canShow: false,
    traffic: { predictionsPerDay: 1_000 },
    labelling: ({ isRight, random }) =>
      isRight || random() > REPORTED_SHARE ? undefined : { source: 'report', afterMs: HOUR },
  },
  {
    name: 'people report errors only, and the client calls them truth',
    canShow: false,
    traffic: { predictionsPerDay: 1_000 },
    labelling: ({ isRight, random }) =>
      isRight || random() > REPORTED_SHARE ? undefined : { source: 'truth', afterMs: HOUR },
  },
  {
    name: 'all labels come late, and errors earlier than the others',
    canShow: true,
    traffic: { predictionsPerDay: 240 },
    labelling: ({ isRight }) => ({ source: 'truth', afterMs: isRight ? 5 * DAY : DAY }),
  },
  {
    name: 'a loud minority labels its errors, and some of the rest',
    canShow: false,
    traffic: { predictionsPerDay: 1_000 },
    labelling: ({ isRight, random }) => {
      const isLoud = random() < 0.1;
      return isLoud && (!isRight || random() < 0.05) ? { source: 'truth', afterMs: HOUR } : undefined;
    },
  },
];

/** A candidate, and the accuracies of the active version and of itself. */
export const candidates = {
  equal: { active: 0.95, candidate: 0.95 },
  worse: { active: 0.96, candidate: 0.94 },
  better: { active: 0.94, candidate: 0.96 },
} as const;
export type CandidateName = keyof typeof candidates;

/** Returns the share of simulated candidates that were promoted. */
export async function promotedShare(mechanism: Mechanism, name: CandidateName, runs: number): Promise<number> {
  let promoted = 0;
  for (let seed = 1; seed <= runs; seed += 1) {
    const { labelling, traffic } = mechanism;
    const outcome = await simulateExperiment({ seed, labelling, ...traffic, ...candidates[name] });
    promoted += Number(outcome.promoted);
  }
  return promoted / runs;
}
