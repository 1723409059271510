import { ATTRIBUTE } from '../names.ts';

/** Attributes that come together, on spans and log records alike. */

export const MODEL = [ATTRIBUTE.modelName, ATTRIBUTE.modelVersion];

/** Of a change of roles. */
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

/** Of a look at a model under its policy. */
export const MAINTENANCE = [
  ATTRIBUTE.maintenanceAction,
  ATTRIBUTE.maintenanceApplied,
  ATTRIBUTE.maintenanceReason,
  ATTRIBUTE.maintenanceNumbers,
];

/** How a retraining ended. */
export const RETRAINED = [
  ATTRIBUTE.trainingOutcome,
  ATTRIBUTE.modelBytes,
  ATTRIBUTE.trainingDocuments,
  ATTRIBUTE.trainingFeedback,
];

/** A true label, and the prediction that it judges. */
export const FEEDBACK = [
  ...MODEL,
  ATTRIBUTE.predictionId,
  ATTRIBUTE.predictionLabel,
  ATTRIBUTE.feedbackLabel,
  ATTRIBUTE.feedbackCorrect,
  ATTRIBUTE.feedbackOutcome,
];

export const EXCEPTION = [ATTRIBUTE.exceptionType, ATTRIBUTE.exceptionMessage, ATTRIBUTE.exceptionStacktrace];
