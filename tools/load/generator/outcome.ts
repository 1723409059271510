/** The load to apply: requests per second in an open loop, or a number of busy connections in a closed loop. */
export type LoadLevel = { readonly rate: number } | { readonly connections: number };

/** A request that has an answer, or that will never have one. Times are in milliseconds since the start of the run. */
export interface Outcome {
  /** The index of the text that was sent. */
  readonly text: number;
  /** The time at which the request was due: set by the rate in an open loop, equal to `sent` in a closed loop. */
  readonly due: number;
  /** The time at which the generator noticed that the request was due. It is missing in a closed loop. */
  readonly noticed?: number;
  /** The time at which the request was sent. It is missing if no connection became free in time. */
  readonly sent?: number;
  /** The time at which the request was answered or given up. */
  readonly done: number;
  readonly answer: { readonly status: number; readonly body: string } | { readonly lost: string };
}
