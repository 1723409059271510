import type { Model } from '../models/store.ts';

/** Takes down what versions do, for whoever compares them later. It is called within requests, and waits for nothing. */
export interface TrialRecorder {
  /** A version answered. */
  answered(model: Model, seconds: number, confidence: number): void;
  /** A version could not score a text: one that it should have answered, or scored beside the active one. */
  failed(model: Model, use: 'answer' | 'shadow'): void;
  /** A shadow scored what another version had answered. */
  shadowed(shadowed: Shadowed): void;
}

/** What two versions said of the same text. */
export interface Shadowed {
  /** The id of the prediction that was answered. */
  readonly id: string;
  /** When, as the id has it: milliseconds since the epoch. */
  readonly predictedAt: number;
  readonly active: Model;
  readonly activeLabel: string;
  readonly shadow: Model;
  readonly shadowLabel: string;
  readonly confidence: number;
  /** How long the shadow took. */
  readonly seconds: number;
}
