import { createHash } from 'node:crypto';
import {
  type OipDescription,
  type RemoteDescription,
  type RemoteProtocol,
  remoteSchema,
} from '../../artefacts/remote-manifest.ts';
import { packRemote } from '../../artefacts/remote-pack.ts';
import { readSetting } from '../../platform/config.ts';
import { Problem } from '../../platform/problems.ts';
import { inWindow } from '../../runtimes/answer-all.ts';
import { openKeys } from '../../runtimes/remote/keys.ts';
import type { RemoteUse } from '../../runtimes/remote/remotes.ts';
import { openCommandRemotes } from '../../runtimes/remote/settings.ts';
import { wordsOf } from '../../runtimes/remote.ts';
import { type ImportedAnswer, measureImported } from '../../training/import-onnx.ts';
import type { DataFiles } from '../../training/read-examples.ts';
import { readHeldOut, requireKnownLabels } from '../../training/training-data.ts';
import type { TrainingResult } from '../../training/training-job.ts';
import { UsageError } from '../usage.ts';
import { describeOip } from './describe-oip.ts';
import type { RemoteTask } from './task-file.ts';

const FIRST_TEXT = 'A first text, to see how the endpoint answers.';
const INSTRUCTIONS = 'You are a text classifier. Choose the label that fits the text best.';

/** The arguments of an import. */
export interface RemoteImport {
  readonly name: string;
  readonly version: string;
  readonly protocol: RemoteProtocol;
  readonly url: string;
  readonly remoteModel: string;
  readonly remoteVersion: string | undefined;
  readonly task: RemoteTask | undefined;
  readonly input: string | undefined;
  readonly output: string | undefined;
  readonly content: OipDescription['output']['content'] | undefined;
  readonly topLogprobs: number;
  readonly maxTokens: number;
  readonly calibration: DataFiles | undefined;
}

/**
 * Makes a version of a model behind an endpoint. Labelled texts give its temperature, its evaluation, and the reference for
 * drift, as for other imported classifiers.
 *
 * @throws {UsageError} if the endpoint cannot be described
 * @throws {Problem} if it does not answer
 * @throws {DataFileError} if a file cannot be used
 */
export async function importRemote(job: RemoteImport): Promise<TrainingResult> {
  const { remote, labels, isGuessed } = await describe(job);
  const data = job.calibration && (await readHeldOut(job.calibration));
  if (data) requireKnownLabels(data.counts, new Set(labels), 'the data', 'the model does not have');
  const { examples, counts } = data ?? { examples: [], counts: new Map<string, number>() };
  const remotes = await openCommandRemotes('any');
  const open = (description: RemoteDescription) => remotes.open(job, { labels, remote: description });
  const chosen = isGuessed ? await findContent(remote, open) : remote;
  const endpoint = open(chosen);
  if (!isGuessed) await endpoint.ask(FIRST_TEXT);
  const answers: ImportedAnswer[] = [];
  // No text waits for another one, so each has the whole time.
  await inWindow(examples, readSetting('REMOTE_MAX_IN_FLIGHT'), async ({ text }, at) => {
    const { scores } = await endpoint.ask(text);
    answers[at] = { output: scores, unknownRatio: wordsOf(text).unknownRatio };
  });
  const { scale, ...measured } = measureImported(examples, answers, labels);
  const packed = packRemote(
    { labels, remote: chosen, scale },
    {
      name: job.name,
      version: job.version,
      training: {
        sha256: data?.sha256 ?? createHash('sha256').update('').digest('hex'),
        documents: examples.length,
        documentsByLabel: Object.fromEntries(counts),
        seed: 1,
        candidates: [],
      },
      ...measured,
    },
  );
  return { ...packed, candidates: [] };
}

interface Described {
  readonly remote: RemoteDescription;
  readonly labels: readonly string[];
  readonly isGuessed: boolean;
}

async function describe(job: RemoteImport): Promise<Described> {
  const { url, task, remoteModel: model, remoteVersion: version, input, output, content } = job;
  if (job.protocol === 'oip') {
    const keys = await openKeys(readSetting('REMOTE_KEYS_FILE'));
    const key = keys.keyOf(new URL(url).origin);
    return describeOip({ url, model, version, input, output, content, labels: task?.labels }, key);
  }
  if (!task) throw new UsageError('--labels or --task is missing');
  const remote = remoteSchema.safeParse({
    protocol: 'openai',
    url,
    model,
    instructions: task.instructions ?? INSTRUCTIONS,
    descriptions: task.descriptions,
    examples: task.examples,
    topLogprobs: job.topLogprobs,
    maxTokens: job.maxTokens,
    ...(task.prices && { prices: task.prices }),
  });
  if (!remote.success) throw new UsageError(`the task cannot be used: ${remote.error.issues[0]?.message}`);
  return { remote: remote.data, labels: task.labels, isGuessed: false };
}

/** Returns the description whose output is read as probabilities, or as logits if they are no probabilities. */
async function findContent(
  remote: RemoteDescription,
  open: (remote: RemoteDescription) => RemoteUse,
): Promise<RemoteDescription> {
  if (remote.protocol !== 'oip') return remote;
  const isReadable = await open(remote)
    .ask(FIRST_TEXT)
    .then(
      () => true,
      (error: unknown) => {
        if (error instanceof Problem && error.type === 'endpoint-failed') return false;
        throw error;
      },
    );
  if (isReadable) return remote;
  const logits: OipDescription = { ...remote, output: { ...remote.output, content: 'logits' } };
  await open(logits).ask(FIRST_TEXT);
  return logits;
}
