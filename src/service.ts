import { type Config, ConfigError } from './config.ts';
import { createDriftMonitor } from './drift/drift-monitor.ts';
import { observeDrift } from './drift/observe-drift.ts';
import { createFeedbackDesk } from './feedback/feedback-desk.ts';
import { openFeedbackStore } from './feedback/feedback-store.ts';
import { observeFeedback } from './feedback/observe-feedback.ts';
import { createApp } from './http/app.ts';
import { listen } from './http/server.ts';
import { notReady, type Service } from './http/service.ts';
import { findModel, loadModels, type Models, type ModelVersions } from './models/store.ts';
import { createInstruments, type Instruments } from './monitoring/instruments.ts';
import type { Log } from './monitoring/log.ts';
import { LABEL } from './monitoring/telemetry.ts';
import { createPredictionIds } from './predictions/prediction-id.ts';
import { createPredictor } from './predictions/predictor.ts';
import { readOrCreateSigningKey } from './predictions/signing-key.ts';

export interface RunningService {
  readonly url: string;
  /** Stops taking requests, and resolves when the last one is answered. */
  stop(): Promise<void>;
}

/**
 * Starts the service: it listens first, and is ready when its models are loaded.
 *
 * @throws {ConfigError} if a setting cannot be used
 */
export async function startService(config: Config, log: Log): Promise<RunningService> {
  const instruments = createInstruments();
  const [key, feedbackStore] = await Promise.all([
    config.PREDICTION_ID_KEY ?? readOrCreateSigningKey(config.DATA_DIR),
    openFeedbackStore(config.DATA_DIR),
  ]);
  const ids = createPredictionIds(key);
  observeFeedback(feedbackStore, instruments);
  const driftMonitor = createDriftMonitor();
  observeDrift(driftMonitor, instruments);
  let phase: ReturnType<Service['phase']> = 'loading';
  let models: Models | undefined;

  const app = createApp({
    config,
    log,
    instruments,
    phase: () => phase,
    models: () => {
      if (!models) throw notReady();
      return models;
    },
    replaceModel: (name, versions) => {
      const others = [...(models ?? [])].filter(([other]) => other !== name);
      if (versions) {
        warmUp(versions);
        driftMonitor.watch(versions.active);
      }
      models = new Map(versions ? [...others, [name, versions]] : others);
    },
    predictor: createPredictor({
      ids,
      instruments,
      log,
      maxTextCharacters: config.MAX_TEXT_CHARACTERS,
      captureText: config.CAPTURE_TEXT,
      driftMonitor,
    }),
    feedbackStore,
    driftMonitor,
    feedbackDesk: createFeedbackDesk(ids, feedbackStore, log),
  });
  const server = await listen(app.callback(), config.HOST, config.PORT);

  const loaded = await loadModels(config.MODELS_DIR, log);
  if (!findModel(loaded, config.DEFAULT_MODEL)) {
    await server.drain(0);
    await feedbackStore.close();
    const there = loaded.size > 0 ? [...loaded.keys()].join(', ') : 'none';
    throw new ConfigError(
      `DEFAULT_MODEL: ${JSON.stringify(config.DEFAULT_MODEL)} is not in MODELS_DIR ${JSON.stringify(config.MODELS_DIR)}; allowed: ${there}`,
    );
  }
  for (const versions of loaded.values()) warmUp(versions);
  observeModels(() => models ?? loaded, instruments);
  for (const { active } of loaded.values()) driftMonitor.watch(active);
  models = loaded;
  phase = 'ready';

  return {
    url: server.url,
    async stop() {
      phase = 'draining';
      await server.drain(config.SHUTDOWN_TIMEOUT_MS);
      await feedbackStore.close();
    },
  };
}

/** The first text through a classifier is the slowest by far: it should not be a client's. */
function warmUp({ active: { classifier } }: ModelVersions): void {
  for (let i = 0; i < 20; i++) classifier.score(classifier.tokenize('A first text, to warm up. '.repeat(20)));
}

function observeModels(models: () => Models, instruments: Instruments): void {
  instruments.modelInfo.addCallback((result) => {
    for (const { active } of models().values()) {
      result.observe(1, {
        [LABEL.model]: active.name,
        [LABEL.version]: active.version,
        [LABEL.algorithm]: active.manifest.algorithm,
        [LABEL.role]: 'active',
      });
    }
  });
}
