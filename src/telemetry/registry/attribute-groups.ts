import { ATTRIBUTE } from '../names.ts';

/** Groups of attributes that spans and log records share. */

export const MODEL = [ATTRIBUTE.modelName, ATTRIBUTE.modelVersion];

/** The attributes of a change of roles. */
export const CHANGE = [
  ATTRIBUTE.modelName,
  ATTRIBUTE.changeWhat,
  ATTRIBUTE.changeWho,
  ATTRIBUTE.changeWhy,
  ATTRIBUTE.changeFrom,
  ATTRIBUTE.changeTo,
  ATTRIBUTE.changeRevision,
  ATTRIBUTE.changeFollowed,
];

/** The attributes of the evaluation of a model under its policy. */
export const MAINTENANCE = [
  ATTRIBUTE.maintenanceAction,
  ATTRIBUTE.maintenanceApplied,
  ATTRIBUTE.maintenanceReason,
  ATTRIBUTE.maintenanceNumbers,
];

/** The attributes of the end of a retraining. */
export const RETRAINED = [
  ATTRIBUTE.trainingOutcome,
  ATTRIBUTE.modelBytes,
  ATTRIBUTE.trainingDocuments,
  ATTRIBUTE.trainingFeedback,
];

/** The attributes of feedback: the true label, and the prediction to which it belongs. */
export const FEEDBACK = [
  ...MODEL,
  ATTRIBUTE.predictionId,
  ATTRIBUTE.predictionLabel,
  ATTRIBUTE.feedbackSource,
  ATTRIBUTE.feedbackLabel,
  ATTRIBUTE.feedbackCorrect,
  ATTRIBUTE.feedbackOutcome,
];

export const EXCEPTION = [ATTRIBUTE.exceptionType, ATTRIBUTE.exceptionMessage, ATTRIBUTE.exceptionStacktrace];
