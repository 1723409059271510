import { createDriftMonitor } from './drift/drift-monitor.ts';
import { observeDrift } from './drift/observe-drift.ts';
import type { SlidingCountsFactory } from './drift/sliding-counts.ts';
import { feedbackPlaceOf } from './feedback/database/feedback.ts';
import { createExperimentLog } from './feedback/experiment-log.ts';
import { createFeedbackService } from './feedback/feedback-service.ts';
import { openFeedbackStore } from './feedback/feedback-store.ts';
import { observeFeedback } from './feedback/observe-feedback.ts';
import { startTextRetention } from './feedback/text-retention.ts';
import { findCaller } from './http/access/authorize.ts';
import { openTokenStore } from './http/access/token-store.ts';
import { createApp } from './http/app.ts';
import type { ConnectionSource } from './http/server/handed-connections.ts';
import { listen } from './http/server/server.ts';
import { notReadyProblem, type Service } from './http/server/service.ts';
import { createComparer } from './insights/comparer.ts';
import { createRetrainer, type Retrainer } from './maintenance/retraining/retrainer.ts';
import { type Maintenance, startMaintenance } from './maintenance/rollout/maintenance.ts';
import { missingDefaultModel } from './missing-default-model.ts';
import { observeModels } from './models/record-role-change.ts';
import { type ModelRegistry, openRegistry } from './models/registry.ts';
import { versionsWithRole } from './models/resolve-roles.ts';
import { modelsDatabaseOf } from './models/sources/settings.ts';
import { findModel } from './models/store.ts';
import type { Config } from './platform/config.ts';
import { createPredictionIds } from './predictions/prediction-id.ts';
import { createPredictor } from './predictions/predictor.ts';
import { createReviewSampler } from './predictions/review-sampler.ts';
import { createShadowQueue } from './predictions/shadow-queue.ts';
import { parseFormerKey, readOrCreateSigningKey } from './predictions/signing-key.ts';
import { namingFolder, prepareFolder } from './prepare-folder.ts';
import type { ModelChangeLink } from './process/model-changes.ts';
import { type OwnWorker, rememberPredictions } from './remember-predictions.ts';
import { reportDegradations } from './report-degradations.ts';
import { createServiceEngines } from './runtimes/onnx/engines.ts';
import { openServiceRemotes } from './runtimes/remote/settings.ts';
import { readSignatures } from './signing/settings.ts';
import { setAuthentication } from './telemetry/http-attributes.ts';
import { createInstruments } from './telemetry/instruments.ts';
import { liveVersions } from './telemetry/live-versions.ts';
import { exceptionAttributes, type Log } from './telemetry/logs/log.ts';
import { warmUp } from './warm-up.ts';

/** The longest time in milliseconds that shadows score the last texts during shutdown. */
const SHADOW_DRAIN_MS = 1_000;

/** The share of the requests in progress that may wait for encoders or endpoints. The rest is for models that answer at once. */
const DEFERRED_SHARE = 0.75;

/** A started service. */
export interface RunningService {
  readonly url: string;
  /** Stops accepting requests, answers those in progress, and closes all parts of the service. */
  stop(timeoutMs?: number): Promise<void>;
}

/** The parts of the service that exist after the models are loaded. */
interface LoadedParts {
  readonly registry: ModelRegistry;
  readonly retrainer: Retrainer;
  readonly maintenance: Maintenance;
}

/** Options of a worker process, which shares its port with other workers. */
interface WorkerOptions extends OwnWorker {
  /** Creates counts that all workers share. */
  readonly createWindow: SlidingCountsFactory;
  readonly modelChanges: ModelChangeLink;
  readonly connections: ConnectionSource;
}

/**
 * Starts the service. It listens first, and is ready after its models are loaded. A worker takes connections last, so
 * that it gets no requests before it is ready.
 *
 * @param worker options of a worker process; undefined if this process serves alone
 * @throws {ConfigError} if a setting cannot be used
 */
export async function startService(config: Config, log: Log, worker?: WorkerOptions): Promise<RunningService> {
  const instruments = createInstruments();
  const { degradations, reportStore } = reportDegradations(instruments, log);
  await namingFolder(config, () => prepareFolder(config.DATA_DIR));
  const [key, feedbackStore] = await Promise.all([
    config.PREDICTION_ID_KEY ?? namingFolder(config, () => readOrCreateSigningKey(config.DATA_DIR)),
    openFeedbackStore(feedbackPlaceOf(config), reportStore, config.FEEDBACK_KEY_FILE),
  ]);
  const signatures = await readSignatures(config);
  const tokens = await openTokenStore(config, log);
  const remotes = await openServiceRemotes(config, instruments, log);
  if (tokens) setAuthentication((request) => findCaller(request, tokens) !== undefined);
  const ids = createPredictionIds(key, config.PREDICTION_ID_KEYS_OLD?.map(parseFormerKey));
  observeFeedback(feedbackStore, instruments);
  const textRetention = startTextRetention(feedbackStore, config.FEEDBACK_TEXT_DAYS, log);
  const driftMonitor = createDriftMonitor(
    () => performance.now(),
    worker?.createWindow,
    ({ name, version }) => liveVersions.touch(name, version),
  );
  liveVersions.onEnd(driftMonitor.forget);
  observeDrift(driftMonitor, instruments);
  const experimentLog = createExperimentLog(feedbackStore.experiments, log);
  const remembered = rememberPredictions(config, worker);
  const { recent } = remembered;
  const comparer = createComparer();
  let phase: ReturnType<Service['phase']> = 'loading';
  let loadedParts: LoadedParts | undefined;
  const requireLoaded = () => {
    if (!loadedParts) throw notReadyProblem();
    return loadedParts;
  };

  const shadows = createShadowQueue({
    instruments,
    log,
    driftMonitor,
    recorder: experimentLog,
    memory: recent.memory,
    budgetOf: (name) => loadedParts?.registry.models().get(name)?.shadowBudget,
  });

  const app = createApp({
    config,
    log,
    instruments,
    tokens,
    phase: () => phase,
    degradations: degradations.list,
    registry: () => requireLoaded().registry,
    models: () => requireLoaded().registry.models(),
    retrainer: () => requireLoaded().retrainer,
    maintenance: () => requireLoaded().maintenance,
    predictor: createPredictor({
      ids,
      reviewSampler: createReviewSampler(key, config.REVIEW_SHARE),
      instruments,
      log,
      maxTextCharacters: config.MAX_TEXT_CHARACTERS,
      maxDeferred: Math.max(1, Math.floor(config.MAX_IN_FLIGHT * DEFERRED_SHARE)),
      captureText: config.CAPTURE_TEXT,
      driftMonitor,
      shadowOf: (model) => {
        const versions = loadedParts?.registry.models().get(model.name);
        return versions?.active === model ? versions.shadow : undefined;
      },
      shadows,
      recorder: experimentLog,
      memory: recent.memory,
    }),
    recent,
    comparer,
    feedbackStore,
    driftMonitor,
    feedbackService: createFeedbackService(ids, feedbackStore, log, (spanId, label) =>
      recent.recordFeedback(spanId, label),
    ),
  });
  const address = { host: config.HOST, port: config.PORT };
  const onError = (error: Error) => log.error('connection failed', exceptionAttributes(error));
  const open = () => listen(app.callback(), address, config, onError, log, worker?.connections);
  const earlyServer = worker ? undefined : await open();
  const engines = createServiceEngines(config);
  const opening = openRegistry({
    folder: config.MODELS_DIR,
    log,
    engines,
    shared: feedbackStore.shared,
    versions: modelsDatabaseOf(config) && feedbackStore.versions,
    remotes,
    verifier: signatures.verifier,
    warmUp,
    reportFault: degradations.report,
    onSwap: (versions, changedAt) => {
      experimentLog.startSlot(versions.name, changedAt);
      remembered.onSwap(versions, changedAt);
      for (const { model } of versionsWithRole(versions)) driftMonitor.watch(model);
    },
    ...(worker && { announce: worker.modelChanges.announce, unloaded: await worker.modelChanges.unloaded() }),
  });
  worker?.modelChanges.onAnnounced(async (name, event) => (await opening).follow(name, event));
  const registry = await opening;
  // A refused version is not in memory, and its refusal is a series.
  liveVersions.setInUse((name, version) =>
    [registry.isInMemory, registry.isRefused].some((test) => test({ name, version })),
  );
  if (!findModel(registry.models(), config.DEFAULT_MODEL)) {
    await registry.close();
    await earlyServer?.drain(0);
    await feedbackStore.close();
    throw missingDefaultModel(config, registry);
  }
  observeModels(registry, instruments);
  const retrainer: Retrainer = await namingFolder(config, () =>
    createRetrainer({
      modelsFolder: config.MODELS_DIR,
      dataFolder: config.DATA_DIR,
      feedback: feedbackPlaceOf(config),
      shared: feedbackStore.shared,
      modelsDatabase: modelsDatabaseOf(config),
      runtimesFolder: config.RUNTIMES_DIR,
      feedbackKeyFile: config.FEEDBACK_KEY_FILE,
      servingProcesses: config.WORKERS,
      signatures,
      registry,
      instruments,
      log,
      onRun: (job, ended) => remembered.onRun(job, ended, retrainer),
    }),
  );
  const maintenance = startMaintenance({
    modelsFolder: config.MODELS_DIR,
    dataFolder: config.DATA_DIR,
    registry,
    retrainer,
    feedbackStore,
    driftMonitor,
    instruments,
    log,
  });
  await feedbackStore.opened;
  loadedParts = { registry, retrainer, maintenance };
  phase = 'ready';
  const server = earlyServer ?? (await open());

  return {
    url: server.url,
    async stop(timeoutMs = config.SHUTDOWN_TIMEOUT_MS) {
      phase = 'draining';
      await server.drain(timeoutMs);
      tokens?.close();
      await maintenance.close();
      await retrainer.close();
      shadows.drain(SHADOW_DRAIN_MS);
      textRetention.stop();
      remembered.stop();
      await comparer.close();
      await engines.end();
      remotes.close();
      await Promise.all([registry.close(), experimentLog.flush()]);
      await feedbackStore.close();
    },
  };
}
