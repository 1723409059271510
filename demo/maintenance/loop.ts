import type { TrainingResult } from '../../src/training/training-job.ts';
import type { Stack } from '../../tools/stack/stack.ts';
import { postJson } from '../../tools/stack/check/traffic.ts';
import type { Mails } from './mails.ts';
import type { Story } from './timeline.ts';
import { accuracyOfLast, type Traffic } from './traffic.ts';
import { MODEL, writeVersion } from './versions.ts';
import { watch } from './observer.ts';

/** What the loop is run with. */
export interface LoopContext {
  readonly stack: Stack;
  readonly story: Story;
  readonly traffic: Traffic;
  readonly mails: Mails;
  /** Where the service finds versions. */
  readonly models: string;
  /** A version that learned nothing, ready to be pushed. */
  readonly bad: TrainingResult;
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

/** The whole loop: each step must happen by itself and in time; only new mails and a bad version are brought in from outside. */
export async function runLoop(context: LoopContext): Promise<void> {
  const usual = await answerKnownMails(context);
  const stale = await goStale(context, usual);
  await trainAnew(context);
  const version = await replace(context);
  // At least a third of what was lost; the new mails are harder than the old ones, for whatever model.
  await recover(context, version, stale + (usual - stale) / 3);
  await takeBackBadVersion(context, version);
}

async function answerKnownMails({ story, traffic }: LoopContext): Promise<number> {
  const usual = await story.until(
    '200 mails were answered',
    90,
    async () => accuracyOfLast(traffic.judged, 200) ?? undefined,
  );
  story.tell(`Version 1 is right in ${percent(usual)} of 200 mails like those that it was trained on.`);
  return usual;
}

/** Mails of another kind come: the model must become worse, and the alerts and the policy must notice. */
async function goStale({ stack, story, traffic, mails }: LoopContext, usual: number): Promise<number> {
  const looks = watch(stack.urls, MODEL);
  traffic.use(mails.unknown);
  const begun = traffic.judged.length;
  story.statusMark('new kinds of mail', 'Mails of the other groups come from now on.');
  const lower = await story.until('the accuracy fell', 120, async () => {
    const since = traffic.judged.slice(begun);
    const accuracy = accuracyOfLast(since, Math.max(150, since.length));
    return accuracy !== null && accuracy < usual - 0.03 ? accuracy : undefined;
  });
  story.tell(`Version 1 is right in ${percent(lower)} of them.`);
  await story.until('the alert AccuracyBelowTraining fired', 180, () => looks.hasFired('AccuracyBelowTraining'));
  story.statusMark('alert: accuracy', 'The alert AccuracyBelowTraining fires.');
  await story.until('the alert ModelDrift fired', 180, () => looks.hasFired('ModelDrift'));
  story.statusMark('alert: drift', 'The alert ModelDrift fires.');
  await story.until(
    'Alertmanager asked the service to look',
    60,
    async () => (await looks.evaluationsAsked()) || undefined,
  );
  story.tell('Alertmanager has asked the service to look at its model.');
  return lower;
}

async function trainAnew({ stack, story }: LoopContext): Promise<void> {
  const looks = watch(stack.urls, MODEL);
  const { maintenance } = await story.until('the policy began a training', 180, async () => {
    const state = await looks.model();
    // It may have gone on already.
    return state.retrain ? state : undefined;
  });
  const { lastAction } = maintenance;
  const reason = lastAction?.action === 'retrain' ? `: ${lastAction.reason}` : '';
  story.statusMark(
    'retraining',
    `The policy trains the model anew${reason}.`,
    lastAction?.action === 'retrain' ? Date.parse(lastAction.at) : undefined,
  );
  const { retrain } = await story.until('the training ended', 240, async () => {
    const state = await looks.model();
    return state.retrain?.state === 'running' ? undefined : state;
  });
  if (retrain?.state !== 'succeeded') throw new Error(`the training ${retrain?.state}: ${retrain?.failure?.detail}`);
  story.statusMark(
    `shadow: ${retrain.version}`,
    `Version ${retrain.version} has learned from ${retrain.documents} mails, and scores beside version 1 as its shadow.`,
  );
}

async function replace({ stack, story }: LoopContext): Promise<string> {
  const looks = watch(stack.urls, MODEL);
  const waiting = async (action: string) => {
    const state = await looks.model();
    const { lastAction } = state.maintenance;
    if (lastAction?.action.startsWith('drop')) throw new Error(`the candidate was dropped: ${lastAction.reason}`);
    return lastAction?.action === action ? lastAction : undefined;
  };
  // A canary may become active between two looks: then its own reason is not seen any more.
  const tried = await story.until(
    'the shadow became canary',
    240,
    async () => (await waiting('canary')) ?? waiting('promote'),
  );
  story.statusMark(
    `canary: ${tried.version}`,
    `Version ${tried.version} becomes canary: ${tried.reason}.`,
    Date.parse(tried.at),
  );
  const promoted = await story.until('the canary became active', 240, () => waiting('promote'));
  story.statusMark(
    `active: ${promoted.version}`,
    `Version ${promoted.version} becomes active: ${promoted.reason}.`,
    Date.parse(promoted.at),
  );
  return promoted.version!;
}

async function recover({ story, traffic }: LoopContext, version: string, goal: number): Promise<void> {
  const accuracy = await story.until(`version ${version} was right in ${percent(goal)} of 250 mails`, 150, async () => {
    const now = accuracyOfLast(traffic.judged, 250, version);
    return now !== null && now >= goal ? now : undefined;
  });
  story.tell(`Version ${version} is right in ${percent(accuracy)} of 250 new mails: the accuracy has recovered.`);
}

async function takeBackBadVersion({ stack, story, traffic, models, bad }: LoopContext, good: string): Promise<void> {
  const looks = watch(stack.urls, MODEL);
  const { version } = bad.manifest;
  await writeVersion(models, bad);
  await story.until(`the service found version ${version}`, 60, async () => {
    const { versions } = await looks.model();
    return versions.some((one) => one.version === version) || undefined;
  });
  await postJson(`${stack.urls.service}/models/${MODEL}/activate`, { version, why: 'a mistake, made on purpose' });
  story.statusMark('bad version', 'A version that was trained on shuffled labels is pushed, and activated by hand.');
  const { active, maintenance } = await story.until('the bad version was rolled back', 180, () =>
    looks.didLast('rollback'),
  );
  if (active !== good) throw new Error(`version ${active} is active after the rollback, not ${good}`);
  const { reason, at } = maintenance.lastAction!;
  story.statusMark('rolled back', `The policy rolls back to version ${active}: ${reason}.`, Date.parse(at));
  const since = traffic.judged.length;
  const accuracy = await story.until(
    `version ${good} answered 100 mails again`,
    90,
    async () => accuracyOfLast(traffic.judged.slice(since), 100, good) ?? undefined,
  );
  story.tell(`Version ${good} is right in ${percent(accuracy)} of the 100 mails since.`);
}
