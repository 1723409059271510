import { ATTRIBUTE } from '../names.ts';
import { CHANGE, EXCEPTION, FEEDBACK, MAINTENANCE, MODEL, RETRAINED } from './attribute-groups.ts';

const RETRAINING = [ATTRIBUTE.modelName, ATTRIBUTE.trainingJob];

/** The attributes of each log record, by its body. Trace id and span id are not listed. */
export const logRecords: Readonly<Record<string, readonly string[]>> = {
  prediction: [
    ...MODEL,
    ATTRIBUTE.predictionId,
    ATTRIBUTE.predictionLabel,
    ATTRIBUTE.predictionConfidence,
    ATTRIBUTE.predictionReview,
    ATTRIBUTE.predictionAbstained,
    ATTRIBUTE.predictionDuration,
    ATTRIBUTE.anomalyReason,
    ATTRIBUTE.syntheticType,
  ],
  feedback: FEEDBACK,
  'feedback corrected': [...MODEL, ATTRIBUTE.predictionId, ATTRIBUTE.feedbackLabel, ATTRIBUTE.changeWho],
  'feedback erased': [...MODEL, ATTRIBUTE.predictionId, ATTRIBUTE.changeWho],
  'retraining started': RETRAINING,
  'retraining ended': [...RETRAINING, ATTRIBUTE.modelVersion, ...RETRAINED, ATTRIBUTE.trainingDuration],
  'bundled model copied': MODEL,
  'model loaded': [...MODEL, ATTRIBUTE.modelBytes],
  'model refused': [...MODEL, ...EXCEPTION],
  'model changed': [...CHANGE, ATTRIBUTE.canaryShare],
  'model maintenance': [...MODEL, ...MAINTENANCE],
  ready: [ATTRIBUTE.url, ATTRIBUTE.startupSeconds],
  stopping: [ATTRIBUTE.signal],
  stopped: [ATTRIBUTE.shutdownSeconds],
};

/** The additional log records of a service with several processes. */
export const workerLogRecords: Readonly<Record<string, readonly string[]>> = {
  'worker ready': [ATTRIBUTE.worker, ATTRIBUTE.pid],
  'worker ended': [ATTRIBUTE.worker, ATTRIBUTE.pid, ATTRIBUTE.exitCode, ATTRIBUTE.signal, ATTRIBUTE.reason],
};

/** The additional log record when a version that requests named is not needed any more. */
export const memoryLogRecords: Readonly<Record<string, readonly string[]>> = { 'model left memory': MODEL };

/** The additional log records of a service with tokens or TLS, and those with more attributes. */
export const tokenLogRecords: Readonly<Record<string, readonly string[]>> = {
  prediction: [...(logRecords['prediction'] ?? []), ATTRIBUTE.caller],
  'tokens loaded': [],
  'certificate loaded': [],
  'tokens not loaded': EXCEPTION,
  'request refused': [ATTRIBUTE.caller, ATTRIBUTE.missingScope],
};

/** The additional log records of a service with `REMOTE_KEYS_FILE`. */
export const remoteLogRecords: Readonly<Record<string, readonly string[]>> = {
  'endpoint keys loaded': [],
  'endpoint keys not loaded': EXCEPTION,
};

/** The additional log records of a service with `MODELS_STORE=database`. */
export const modelStoreLogRecords: Readonly<Record<string, readonly string[]>> = {
  'model stored': MODEL,
  'model fetched': MODEL,
  'model deleted': MODEL,
  'model replaced': [...MODEL, ATTRIBUTE.reason],
  'model not stored': [...MODEL, ATTRIBUTE.reason],
};

/** The log records that are written only after a failure. */
export const failureLogRecords: Readonly<Record<string, readonly string[]>> = {
  'response failed': EXCEPTION,
  'request failed': EXCEPTION,
  'connection failed': EXCEPTION,
  'certificate not loaded': [ATTRIBUTE.reason],
  'shutdown incomplete': EXCEPTION,
  'trace not read': [ATTRIBUTE.url, ...EXCEPTION],
  'bundled model not copied': [...MODEL, ATTRIBUTE.reason],
  'roles not followed': [ATTRIBUTE.modelName, ATTRIBUTE.reason],
  'feedback degraded': [ATTRIBUTE.reason],
  'feedback restored': [],
  'audit degraded': [ATTRIBUTE.reason],
  'models degraded': [ATTRIBUTE.reason],
  'audit trail not written': [ATTRIBUTE.modelName, ...EXCEPTION],
  'roles not on disk': [ATTRIBUTE.modelName, ...EXCEPTION],
  'models folder not read': EXCEPTION,
  'locks do not hold': [ATTRIBUTE.reason],
  'retraining failed': [...RETRAINING, ATTRIBUTE.errorType, ATTRIBUTE.reason, ATTRIBUTE.exceptionStacktrace],
  'retraining job not saved': [...RETRAINING, ...EXCEPTION],
  'slow prediction': [
    ...MODEL,
    ATTRIBUTE.predictionId,
    ATTRIBUTE.predictionLabel,
    ATTRIBUTE.predictionConfidence,
    ATTRIBUTE.anomalyReason,
    ATTRIBUTE.predictionReview,
    ATTRIBUTE.predictionAbstained,
    ATTRIBUTE.caller,
    ATTRIBUTE.syntheticType,
    ATTRIBUTE.predictionDuration,
    ATTRIBUTE.tokenizeDuration,
    ATTRIBUTE.scoreDuration,
    ATTRIBUTE.inputCharacters,
    ATTRIBUTE.inputTokens,
  ],
  'shadow failed': [...MODEL, ATTRIBUTE.shadowVersion, ...EXCEPTION],
  'experiment data not stored': EXCEPTION,
  'feedback texts not deleted': EXCEPTION,
  'feedback texts not encrypted': EXCEPTION,
  'model report incomplete': [ATTRIBUTE.modelName, ...EXCEPTION],
  'telemetry problem': [ATTRIBUTE.reason],
  'policy refused': [ATTRIBUTE.modelName, ATTRIBUTE.reason],
  'maintenance failed': [ATTRIBUTE.modelName, ...EXCEPTION],
};
