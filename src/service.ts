import { setImmediate as turn } from 'node:timers/promises';
import { createDriftMonitor } from './drift/drift-monitor.ts';
import { observeDrift } from './drift/observe-drift.ts';
import type { WindowOf } from './drift/sliding-counts.ts';
import { createTrialLog } from './feedback/experiment-log.ts';
import { createFeedbackDesk } from './feedback/feedback-service.ts';
import { openFeedbackStore } from './feedback/feedback-store.ts';
import { observeFeedback } from './feedback/observe-feedback.ts';
import { createApp } from './http/app.ts';
import { listen } from './http/server/server.ts';
import { notReady, type Service } from './http/server/service.ts';
import { createRetrainer, type Retrainer } from './maintenance/retraining/retrainer.ts';
import { type Maintenance, startMaintenance } from './maintenance/rollout/maintenance.ts';
import { type ModelRegistry, openRegistry } from './models/registry.ts';
import { findModel, type Model, type Models, type ModelVersions } from './models/store.ts';
import { type Config, ConfigError } from './platform/config.ts';
import { createPredictionIds } from './predictions/prediction-id.ts';
import { createPredictor } from './predictions/predictor.ts';
import { createShadowQueue } from './predictions/shadow-queue.ts';
import { readOrCreateSigningKey } from './predictions/signing-key.ts';
import { createInstruments, type Instruments } from './telemetry/instruments.ts';
import type { Log } from './telemetry/logs/log.ts';
import { LABEL } from './telemetry/names.ts';

/** For how long, at the end, shadows score what was answered last. */
const SHADOW_DRAIN_MS = 1_000;

export interface RunningService {
  readonly url: string;
  /** Stops taking requests, and resolves when the last one is answered. */
  stop(): Promise<void>;
}

/** What there is once the models are loaded. */
interface Loaded {
  readonly registry: ModelRegistry;
  readonly retrainer: Retrainer;
  readonly maintenance: Maintenance;
}

/** What a process has in common with others that serve on the same port. */
interface Together {
  readonly windowOf: WindowOf;
}

/**
 * Starts the service: it listens first, and is ready when its models are loaded. Where others serve on the same port it
 * listens last, so that none of their requests comes here too early.
 *
 * @throws {ConfigError} if a setting cannot be used
 */
export async function startService(config: Config, log: Log, together?: Together): Promise<RunningService> {
  const instruments = createInstruments();
  const [key, feedbackStore] = await Promise.all([
    config.PREDICTION_ID_KEY ?? readOrCreateSigningKey(config.DATA_DIR),
    openFeedbackStore(config.DATA_DIR),
  ]);
  const ids = createPredictionIds(key);
  observeFeedback(feedbackStore, instruments);
  const driftMonitor = createDriftMonitor(Date.now, together?.windowOf);
  observeDrift(driftMonitor, instruments);
  const trialLog = createTrialLog(feedbackStore.trials, log);
  const shadows = createShadowQueue({ instruments, log, driftMonitor, recorder: trialLog });
  let phase: ReturnType<Service['phase']> = 'loading';
  let afterLoading: Loaded | undefined;
  const whenLoaded = () => {
    if (!afterLoading) throw notReady();
    return afterLoading;
  };

  const app = createApp({
    config,
    log,
    instruments,
    phase: () => phase,
    registry: () => whenLoaded().registry,
    models: () => whenLoaded().registry.models(),
    retrainer: () => whenLoaded().retrainer,
    maintenance: () => whenLoaded().maintenance,
    predictor: createPredictor({
      ids,
      instruments,
      log,
      maxTextCharacters: config.MAX_TEXT_CHARACTERS,
      captureText: config.CAPTURE_TEXT,
      driftMonitor,
      shadowOf: (model) => {
        const versions = afterLoading?.registry.models().get(model.name);
        return versions?.active === model ? versions.shadow : undefined;
      },
      shadows,
      recorder: trialLog,
    }),
    feedbackStore,
    driftMonitor,
    feedbackDesk: createFeedbackDesk(ids, feedbackStore, log),
  });
  const open = () => listen(app.callback(), config.HOST, config.PORT);
  const early = together ? undefined : await open();

  const registry = await openRegistry({
    folder: config.MODELS_DIR,
    log,
    warmUp,
    onSwap: (versions) => {
      for (const { model } of serving(versions)) driftMonitor.watch(model);
      driftMonitor.keepOnly(versions.name, versions.versions);
    },
  });
  const loaded = registry.models();
  if (!findModel(loaded, config.DEFAULT_MODEL)) {
    await registry.close();
    await early?.drain(0);
    await feedbackStore.close();
    const there = loaded.size > 0 ? [...loaded.keys()].join(', ') : 'none';
    throw new ConfigError(
      `DEFAULT_MODEL: ${JSON.stringify(config.DEFAULT_MODEL)} is not in MODELS_DIR ${JSON.stringify(config.MODELS_DIR)}; allowed: ${there}`,
    );
  }
  observeModels(registry.models, instruments);
  const retrainer = await createRetrainer({
    modelsFolder: config.MODELS_DIR,
    dataFolder: config.DATA_DIR,
    registry,
    instruments,
    log,
  });
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
  afterLoading = { registry, retrainer, maintenance };
  phase = 'ready';
  const server = early ?? (await open());

  return {
    url: server.url,
    async stop() {
      phase = 'draining';
      await server.drain(config.SHUTDOWN_TIMEOUT_MS);
      await maintenance.close();
      await retrainer.close();
      shadows.drain(SHADOW_DRAIN_MS);
      await Promise.all([registry.close(), trialLog.flush()]);
      await feedbackStore.close();
    },
  };
}

/** The first text through a classifier is the slowest by far: it should not be a client's. */
async function warmUp({ classifier }: Model): Promise<void> {
  for (let i = 0; i < 20; i++) {
    classifier.score(classifier.tokenize('A first text, to warm up. '.repeat(20)));
    await turn();
  }
}

/** The versions of a model that have a role. */
function serving({ active, shadow, canary }: ModelVersions): { model: Model; role: string }[] {
  return [
    { model: active, role: 'active' },
    ...(shadow ? [{ model: shadow, role: 'shadow' }] : []),
    ...(canary ? [{ model: canary.model, role: 'canary' }] : []),
  ];
}

function observeModels(models: () => Models, instruments: Instruments): void {
  instruments.modelInfo.addCallback((result) => {
    for (const { model, role } of [...models().values()].flatMap(serving)) {
      result.observe(1, {
        [LABEL.model]: model.name,
        [LABEL.version]: model.version,
        [LABEL.algorithm]: model.manifest.algorithm,
        [LABEL.role]: role,
      });
    }
  });
}
