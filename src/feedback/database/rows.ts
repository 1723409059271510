import type { EvaluatedPair, HourOfPairs, LabelPair, MinuteCount, SlotCount, WaitingReview } from './experiment.ts';
import type {
  ConfidenceCount,
  ConfidenceTotal,
  FeedbackTotal,
  HourOfLabels,
  LabelCount,
  LabelSource,
} from './feedback.ts';

/** A row of a result, by the names of its columns. Truth values are numbers in SQLite. */
type Row = Readonly<Record<string, unknown>>;

export function labelCount(row: Row): LabelCount {
  return {
    source: row['source'] as LabelSource,
    reviewShare: Number(row['review_share']),
    bin: Number(row['bin']),
    actual: String(row['actual']),
    predicted: String(row['predicted']),
    count: Number(row['count']),
  };
}

export function confidenceCount(row: Row): ConfidenceCount {
  return {
    source: row['source'] as LabelSource,
    reviewShare: Number(row['review_share']),
    confidence: Number(row['confidence']),
    correct: row['correct'] === 1,
    count: Number(row['count']),
  };
}

export function hourOfLabels(row: Row): HourOfLabels {
  return {
    hour: Number(row['hour']),
    asked: row['asked'] === 1,
    bin: Number(row['bin']),
    count: Number(row['count']),
    correct: Number(row['correct']),
    objections: Number(row['objections']),
  };
}

export function feedbackTotal(row: Row): FeedbackTotal {
  return {
    model: String(row['model']),
    version: String(row['version']),
    source: row['source'] as LabelSource,
    actual: String(row['actual']),
    predicted: String(row['predicted']),
    count: Number(row['count']),
  };
}

export function confidenceTotal(row: Row): ConfidenceTotal {
  return {
    model: String(row['model']),
    version: String(row['version']),
    source: row['source'] as LabelSource,
    bin: Number(row['bin']),
    correct: row['correct'] === 1,
    count: Number(row['count']),
  };
}

export function labelPair(row: Row): LabelPair {
  return {
    activeLabel: String(row['active_label']),
    shadowLabel: String(row['shadow_label']),
    count: Number(row['count']),
  };
}

export function evaluatedPair(row: Row): EvaluatedPair {
  return { actual: String(row['actual']), ...labelPair(row) };
}

export function hourOfPairs(row: Row): HourOfPairs {
  return {
    hour: Number(row['hour']),
    asked: row['asked'] === 1,
    disagreements: Number(row['due']),
    onlyActive: Number(row['only_active']),
    onlyShadow: Number(row['only_shadow']),
    neither: Number(row['neither']),
  };
}

export function minuteCount(row: Row): Pick<MinuteCount, 'minute' | 'bucket' | 'count' | 'confidence'> {
  return {
    minute: Number(row['minute']),
    bucket: Number(row['bucket']),
    count: Number(row['count']),
    confidence: Number(row['confidence']),
  };
}

export function slotCount(row: Row): Pick<SlotCount, 'slot' | 'bin' | 'asked' | 'count'> {
  return {
    slot: Number(row['slot']),
    bin: Number(row['bin']),
    asked: Number(row['asked']) === 1,
    count: Number(row['count']),
  };
}

export function waitingReview(row: Row): Omit<WaitingReview, 'model'> {
  return {
    id: String(row['id']),
    version: String(row['version']),
    artefact: String(row['artefact']),
    predictedAt: Number(row['predicted_at']),
    label: String(row['label']),
    confidence: Number(row['confidence']),
  };
}
