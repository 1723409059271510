/** The entry of the package `waymark-client`. Everything that its users may rely on is exported here. */
export type {
  BatchAnswer,
  Contribution,
  CoveragePoint,
  FeedbackAnswer,
  LabelSource,
  Model,
  ModelReference,
  ModelVersion,
  PredictAnswer,
  Prediction,
  Quality,
  Score,
} from './answers.ts';
export { type ClientOptions, createClient, type PredictOptions, type WaymarkClient } from './client.ts';
export {
  CircuitOpenError,
  ConnectionError,
  DeadlineError,
  ProblemError,
  UnexpectedAnswerError,
  WaymarkError,
} from './errors.ts';
export type {
  ChangeOptions,
  Drift,
  Management,
  ModelReport,
  RetrainJob,
  Review,
  RoleChange,
} from './management.ts';
export type {
  Comparison,
  Finding,
  PredictionFilters,
  PredictionsAnswer,
  ProcessHistory,
  ProcessMeasurements,
  RememberedPrediction,
  StreamMessage,
  Trace,
} from './memory.ts';
export type { CallOptions } from './transport.ts';
