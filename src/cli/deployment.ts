import { join } from 'node:path';
import { writeArtefact } from '../artefacts/artefact.ts';
import { openRegistry } from '../models/registry.ts';
import { readRoles } from '../models/roles-file.ts';
import { readSetting } from '../platform/config.ts';
import type { SharedState } from '../postgres/shared-state.ts';
import { readEncoder, storeEncoder } from '../runtimes/encoder-files.ts';
import { createEngines } from '../runtimes/onnx/engines.ts';
import { openCommandRemotes } from '../runtimes/remote/settings.ts';
import { createSilentLog } from '../telemetry/logs/log.ts';
import type { TrainingResult } from '../training/training-job.ts';
import { readModelsDatabase } from './model-versions.ts';
import { describeDeployment, describeTraining } from './train-report.ts';

/** The actor of changes in the audit trail. */
const ACTOR = 'train';

/**
 * Keeps the active version of a model active when a newer version appears: without a roles file the newest would be active.
 * A roles file does so already.
 *
 * @param version the active version
 * @throws {Problem} if the roles cannot be changed
 */
async function pinActive(
  models: string,
  name: string,
  version: string,
  shared: SharedState | undefined,
): Promise<void> {
  if ((await readRoles(join(models, name))).kind === 'roles') return;
  const reason = 'it stays active while a newly trained version waits for a role';
  await changeActive(models, name, version, reason, shared);
}

/**
 * Makes a version active, as the service does: under the lock of the roles, and with a row in the audit trail. Running
 * services follow.
 *
 * @throws {Problem} if the version cannot be used, or the roles cannot be changed
 */
async function changeActive(
  models: string,
  name: string,
  version: string,
  reason: string,
  shared: SharedState | undefined,
): Promise<void> {
  const engines = createEngines(readSetting('RUNTIMES_DIR'));
  const remotes = await openCommandRemotes('any');
  const log = createSilentLog();
  const registry = await openRegistry({ folder: models, engines, remotes, log, shared });
  try {
    await registry.change(name, { action: 'activate', version }, { actor: ACTOR, reason });
  } finally {
    await registry.close();
    await engines.end();
  }
}

/** Options of `deploy`. */
export interface DeployOptions {
  readonly models: string;
  readonly name: string;
  /** The version that is active before. */
  readonly active: string | undefined;
  /** If true, the new version becomes active at once. */
  readonly activates: boolean;
  /** The folder of the encoder that the version uses. */
  readonly encoder?: string | undefined;
  /** The command, for the audit trail. */
  readonly command: string;
}

/**
 * Writes a trained version and its encoder, and keeps the active version active unless the new one takes its place.
 *
 * @returns the folder of the version, and the version that is active afterwards
 * @throws {ArtefactError} if the version cannot be written
 * @throws {Error} if versions are in a database, and it is away
 */
export async function deploy(result: Pick<TrainingResult, 'manifest' | 'bytes'>, options: DeployOptions) {
  const database = readModelsDatabase();
  if (!database) return deployTo(result, options, writeArtefact);
  // The client of PostgreSQL is loaded only if it is needed.
  const { publishVersion, withSharedModels } = await import('../models/sources/shared-models.ts');
  return withSharedModels(database, (shared) => {
    const write: typeof writeArtefact = (_folder, manifest, bytes) =>
      publishVersion(options.models, shared, manifest, bytes);
    return deployTo(result, options, write, shared.state);
  });
}

async function deployTo(
  { manifest, bytes }: Pick<TrainingResult, 'manifest' | 'bytes'>,
  { models, name, active, activates, encoder, command }: DeployOptions,
  write: typeof writeArtefact,
  shared?: SharedState,
): Promise<{ readonly folder: string; readonly active: string }> {
  const { version } = manifest;
  const folder = join(models, name, version);
  // The roles are written first: without them a running service would make the newest version active.
  if (active !== undefined) await pinActive(models, name, active, shared);
  if (encoder !== undefined) await storeEncoder(models, await readEncoder(encoder));
  if (encoder !== undefined && shared) {
    process.stderr.write(
      `The encoder is not stored in the database: copy ${join(models, '.encoders')} to each replica\n`,
    );
  }
  await write(folder, manifest, bytes);
  if (active !== undefined && activates) await changeActive(models, name, version, `${command} --activate`, shared);
  return { folder, active: active === undefined || activates ? version : active };
}

/**
 * Deploys an imported version, and prints the result: a report, or one JSON object.
 *
 * @param shown further fields of the JSON object
 * @throws {ArtefactError} if the version cannot be written
 */
export async function deployImported(
  result: TrainingResult,
  options: DeployOptions,
  asJson: boolean,
  shown: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const { models, name } = options;
  const { folder, active } = await deploy(result, options);
  const { evaluation, labels, version } = result.manifest;
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ model: name, version, folder, active, labels, evaluation, ...shown })}\n`);
    return;
  }
  process.stdout.write(describeTraining(folder, result));
  process.stdout.write(describeDeployment({ model: name, version, models, active }));
}
