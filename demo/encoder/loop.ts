import type { TrainingResult } from '../../src/training/training-job.ts';
import { postJson } from '../../tools/stack/check/traffic.ts';
import { createObserver, type Observer } from '../maintenance/observer.ts';
import type { Timeline } from '../maintenance/timeline.ts';
import { recentAccuracy, type Traffic } from '../maintenance/traffic.ts';
import { MODEL, writeVersion } from './versions.ts';

/** The parts that the loop works with. */
export interface EncoderLoop {
  /** The URL of the service. */
  readonly service: string;
  readonly models: string;
  readonly timeline: Timeline;
  readonly traffic: Traffic;
  /** Version 2: the linear model together with the encoder. */
  readonly candidate: TrainingResult;
  /** The folder of the encoder. */
  readonly encoder: string;
  /** A version that was trained on shuffled labels. */
  readonly badVersion: TrainingResult;
}

type Step = EncoderLoop & { readonly observer: Observer };

/** The number of answers of an accuracy. */
const ANSWERS = 150;
const LIMIT_SECONDS = 240;

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

/**
 * Runs the loop from a linear version to one with an encoder. People give the candidate its first role, and activate a bad version.
 * All other steps the policy must take.
 *
 * @throws {Error} for a step that does not happen within its time limit
 */
export async function runLoop(context: EncoderLoop): Promise<void> {
  const step = { ...context, observer: createObserver({ service: context.service, prometheus: '' }, MODEL) };
  const linear = await accuracyOf(step, '1');
  step.timeline.log(`Version 1, the linear model, classifies ${percent(linear)} of ${ANSWERS} questions correctly.`);
  // Without roles the newest version would become active.
  await give(step, 'activate', '1', 'it stays active while another version is tried');
  await deploy(step, step.candidate, step.encoder);
  await give(step, 'shadow', '2', 'a transformer beside the linear model');
  step.timeline.log('Version 2, linear model and encoder together, is the shadow of version 1.');
  await promote(step);
  const together = await accuracyOf(step, '2');
  step.timeline.log(`Version 2 classifies ${percent(together)} of ${ANSWERS} questions correctly.`);
  if (together <= linear) throw new Error('version 2 is not better than version 1');
  await rollBack(step);
}

async function deploy({ models, timeline, observer }: Step, version: TrainingResult, encoder?: string): Promise<void> {
  await writeVersion(models, version, encoder);
  const { version: name } = version.manifest;
  await timeline.waitFor(`the service finds version ${name}`, LIMIT_SECONDS, async () => {
    const { versions } = await observer.model();
    return versions.some((entry) => entry.version === name) || undefined;
  });
}

async function give({ service }: Step, role: 'shadow' | 'activate', version: string, reason: string): Promise<void> {
  await postJson(`${service}/models/${MODEL}/${role}`, { version, reason });
}

async function accuracyOf({ timeline, traffic }: Step, version: string): Promise<number> {
  const first = traffic.answers.length;
  return timeline.waitFor(
    `version ${version} answers ${ANSWERS} questions`,
    LIMIT_SECONDS,
    async () => recentAccuracy(traffic.answers.slice(first), ANSWERS, version) ?? undefined,
  );
}

async function promote({ observer, timeline }: Step): Promise<void> {
  const lastActionIf = async (...actions: string[]) => {
    const { lastAction } = (await observer.model()).maintenance;
    if (lastAction?.action.startsWith('drop')) throw new Error(`the candidate was dropped: ${lastAction.reason}`);
    return lastAction && actions.includes(lastAction.action) ? lastAction : undefined;
  };
  // The canary may be promoted between two queries.
  const canary = await timeline.waitFor('the shadow becomes the canary', LIMIT_SECONDS, () =>
    lastActionIf('canary', 'promote'),
  );
  if (canary.action === 'canary') timeline.log(`Version 2 becomes the canary: ${canary.reason}.`);
  const promoted = await timeline.waitFor('the canary becomes active', LIMIT_SECONDS, () => lastActionIf('promote'));
  timeline.log(`Version 2 becomes active: ${promoted.reason}.`);
}

/** Activates a bad version by hand: the policy must go back to the version with the encoder. */
async function rollBack(step: Step): Promise<void> {
  const { timeline, observer, badVersion } = step;
  await deploy(step, badVersion);
  const { version } = badVersion.manifest;
  await give(step, 'activate', version, 'a mistake, made on purpose');
  timeline.log(`Version ${version}, which was trained on shuffled labels, is activated by hand.`);
  const { active, maintenance } = await timeline.waitFor('the policy rolls back', LIMIT_SECONDS, () =>
    observer.modelAfter('rollback'),
  );
  if (active !== '2') throw new Error(`version ${active} is active after the rollback, not 2`);
  timeline.log(`The policy rolls back to version 2: ${maintenance.lastAction!.reason}.`);
  const accuracy = await accuracyOf(step, '2');
  timeline.log(`Version 2 classifies ${percent(accuracy)} of the next ${ANSWERS} questions correctly.`);
}
