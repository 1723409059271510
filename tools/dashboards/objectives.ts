/** An objective of a service: the share of events that may fail. The alerts of `otel/prometheus/rules` have the same numbers. */
export interface Objective {
  /** The name of the alerts about its error budget. */
  readonly alert: string;
  /** The allowed share of failed events. */
  readonly allowed: number;
  /** The recorded part of the error budget that is left. */
  readonly budget: string;
  readonly title: string;
}

/** The maximum time of a prediction in seconds, including HTTP. */
export const PREDICTION_SECONDS_LIMIT = 0.025;

/** The maximum time in seconds from a complete message to its verdict. */
export const VERDICT_SECONDS_LIMIT = 0.25;

export const SERVICE_OBJECTIVES = {
  availability: {
    alert: 'AvailabilityBudgetBurn',
    allowed: 0.001,
    budget: 'classifier:availability_budget:ratio14d',
    title: 'Availability',
  },
  latency: {
    alert: 'LatencyBudgetBurn',
    allowed: 0.01,
    budget: 'classifier:latency_budget:ratio14d',
    title: 'Latency',
  },
} as const satisfies Record<string, Objective>;

export const GATEWAY_OBJECTIVES = {
  verdict: {
    alert: 'GatewayVerdictBudgetBurn',
    allowed: 0.001,
    budget: 'mail_gateway:verdict_budget:ratio14d',
    title: 'Verdicts',
  },
  latency: {
    alert: 'GatewayLatencyBudgetBurn',
    allowed: 0.01,
    budget: 'mail_gateway:latency_budget:ratio14d',
    title: 'Latency',
  },
  availability: {
    alert: 'GatewayAvailabilityBudgetBurn',
    allowed: 0.001,
    budget: 'mail_gateway:availability_budget:ratio14d',
    title: 'Availability (HTTP)',
  },
} as const satisfies Record<string, Objective>;

/** The limits of alerts that are no objective of a client. */
export const ALERT_LIMIT = {
  /** `ModelDrift`: the stability index, less the part of chance. */
  drift: 0.2,
  /** `AnomalyShareHigh`. */
  anomalies: 0.2,
  /** `EventLoopDelayed`, in seconds. */
  eventLoopDelay: 0.1,
  /** `CpuSaturated`, in cores. */
  cores: 0.9,
  /** `TelemetryQueueFilling`. */
  queue: 0.5,
} as const;
