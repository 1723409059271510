import type { TrainingResult } from '../../src/training/training-job.ts';
import { postJson } from '../../tools/stack/check/traffic.ts';
import type { Stack } from '../../tools/stack/stack.ts';
import type { Mails } from './mails.ts';
import { createObserver, type Observer } from './observer.ts';
import type { Timeline } from './timeline.ts';
import { recentAccuracy, type Traffic } from './traffic.ts';
import { MODEL, writeVersion } from './versions.ts';

/** The parts that the loop works with. */
export interface LoopContext {
  readonly stack: Stack;
  readonly timeline: Timeline;
  readonly traffic: Traffic;
  readonly mails: Mails;
  /** The models folder of the service. */
  readonly models: string;
  /** A version that was trained on shuffled labels. */
  readonly badVersion: TrainingResult;
}

type Step = LoopContext & { readonly observer: Observer };

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

/**
 * Runs the maintenance loop. Each step must happen on its own and within its time limit. Only new kinds of mail and a
 * bad version come from outside.
 *
 * @throws {Error} for a step that does not happen within its time limit
 */
export async function runLoop(context: LoopContext): Promise<void> {
  const step = { ...context, observer: createObserver(context.stack.urls, MODEL) };
  const usualAccuracy = await classifyKnownMails(step);
  const lowAccuracy = await degrade(step, usualAccuracy);
  await retrain(step);
  const version = await promote(step);
  // At least a third of the loss: the new mails are harder than the old ones, for every model.
  await recover(step, version, lowAccuracy + (usualAccuracy - lowAccuracy) / 3);
  await rollBack(step, version);
}

async function classifyKnownMails({ timeline, traffic }: Step): Promise<number> {
  const accuracy = await timeline.waitFor(
    '200 mails are answered',
    90,
    async () => recentAccuracy(traffic.answers, 200) ?? undefined,
  );
  timeline.log(`Version 1 classifies ${percent(accuracy)} of 200 mails of the known groups correctly.`);
  return accuracy;
}

/** Switches to mails of other groups: the accuracy must fall, and the alerts and the policy must notice. */
async function degrade({ observer, timeline, traffic, mails }: Step, usualAccuracy: number): Promise<number> {
  traffic.use(mails.unknown);
  const firstAnswer = traffic.answers.length;
  timeline.logEvent('new kinds of mail', 'From now on, the mails are from the other groups.');
  const lowAccuracy = await timeline.waitFor('the accuracy falls', 120, async () => {
    const answers = traffic.answers.slice(firstAnswer);
    const accuracy = recentAccuracy(answers, Math.max(150, answers.length));
    return accuracy !== null && accuracy < usualAccuracy - 0.03 ? accuracy : undefined;
  });
  timeline.log(`Version 1 classifies ${percent(lowAccuracy)} of them correctly.`);
  await timeline.waitFor('the alert AccuracyBelowTraining fires', 180, () =>
    observer.hasFired('AccuracyBelowTraining'),
  );
  timeline.logEvent('alert: accuracy', 'The alert AccuracyBelowTraining fires.');
  await timeline.waitFor('the alert ModelDrift fires', 180, () => observer.hasFired('ModelDrift'));
  timeline.logEvent('alert: drift', 'The alert ModelDrift fires.');
  await timeline.waitFor(
    'Alertmanager requests an evaluation of the model',
    60,
    async () => (await observer.evaluationCount()) || undefined,
  );
  timeline.log('Alertmanager has requested an evaluation of the model.');
  return lowAccuracy;
}

async function retrain({ observer, timeline }: Step): Promise<void> {
  const { maintenance } = await timeline.waitFor('the policy starts a retraining', 180, async () => {
    const state = await observer.model();
    // A later action may have replaced the last action already.
    return state.retrain ? state : undefined;
  });
  const { lastAction } = maintenance;
  const reason = lastAction?.action === 'retrain' ? `: ${lastAction.reason}` : '';
  timeline.logEvent(
    'retraining',
    `The policy starts a retraining${reason}.`,
    lastAction?.action === 'retrain' ? Date.parse(lastAction.at) : undefined,
  );
  const { retrain } = await timeline.waitFor('the retraining ends', 240, async () => {
    const state = await observer.model();
    return state.retrain?.state === 'running' ? undefined : state;
  });
  if (retrain?.state !== 'succeeded') {
    throw new Error(`the retraining ${retrain?.state}: ${retrain?.failure?.detail}`);
  }
  timeline.logEvent(
    `shadow: ${retrain.version}`,
    `Version ${retrain.version} was trained on ${retrain.documents} mails and is now the shadow of version 1.`,
  );
}

async function promote({ observer, timeline }: Step): Promise<string> {
  const lastActionIf = async (action: string) => {
    const { lastAction } = (await observer.model()).maintenance;
    if (lastAction?.action.startsWith('drop')) throw new Error(`the candidate was dropped: ${lastAction.reason}`);
    return lastAction?.action === action ? lastAction : undefined;
  };
  // The canary may be promoted between two queries. Then the reason for the canary is not visible any more.
  const canary = await timeline.waitFor(
    'the shadow becomes the canary',
    240,
    async () => (await lastActionIf('canary')) ?? lastActionIf('promote'),
  );
  timeline.logEvent(
    `canary: ${canary.version}`,
    `Version ${canary.version} becomes the canary: ${canary.reason}.`,
    Date.parse(canary.at),
  );
  const promoted = await timeline.waitFor('the canary becomes active', 240, () => lastActionIf('promote'));
  timeline.logEvent(
    `active: ${promoted.version}`,
    `Version ${promoted.version} becomes active: ${promoted.reason}.`,
    Date.parse(promoted.at),
  );
  return promoted.version!;
}

async function recover({ timeline, traffic }: Step, version: string, goal: number): Promise<void> {
  const step = `version ${version} classifies ${percent(goal)} of 250 mails correctly`;
  const accuracy = await timeline.waitFor(step, 150, async () => {
    const current = recentAccuracy(traffic.answers, 250, version);
    return current !== null && current >= goal ? current : undefined;
  });
  timeline.log(
    `Version ${version} classifies ${percent(accuracy)} of 250 new mails correctly: the accuracy has recovered.`,
  );
}

/** Activates a bad version by hand: the policy must roll back to the good one. */
async function rollBack(
  { stack, observer, timeline, traffic, models, badVersion }: Step,
  goodVersion: string,
): Promise<void> {
  const { version } = badVersion.manifest;
  await writeVersion(models, badVersion);
  await timeline.waitFor(`the service finds version ${version}`, 60, async () => {
    const { versions } = await observer.model();
    return versions.some((entry) => entry.version === version) || undefined;
  });
  await postJson(`${stack.urls.service}/models/${MODEL}/activate`, { version, why: 'a mistake, made on purpose' });
  timeline.logEvent('bad version', 'A version that was trained on shuffled labels is deployed and activated by hand.');
  const { active, maintenance } = await timeline.waitFor('the policy rolls back the bad version', 180, () =>
    observer.modelAfter('rollback'),
  );
  if (active !== goodVersion) throw new Error(`version ${active} is active after the rollback, not ${goodVersion}`);
  const { reason, at } = maintenance.lastAction!;
  timeline.logEvent('rolled back', `The policy rolls back to version ${active}: ${reason}.`, Date.parse(at));
  const firstAnswer = traffic.answers.length;
  const accuracy = await timeline.waitFor(
    `version ${goodVersion} answers 100 mails again`,
    90,
    async () => recentAccuracy(traffic.answers.slice(firstAnswer), 100, goodVersion) ?? undefined,
  );
  timeline.log(`Version ${goodVersion} classifies ${percent(accuracy)} of the 100 mails after that correctly.`);
}
