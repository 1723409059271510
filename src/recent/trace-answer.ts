/** An attribute in OTLP JSON. */
export interface OtlpAttribute {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: string | number;
    readonly doubleValue?: number;
    readonly boolValue?: boolean;
    readonly arrayValue?: { readonly values?: readonly OtlpAttribute['value'][] };
  };
}

/** A span in OTLP JSON. Ids are in hexadecimal. */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  /** Nanoseconds since the epoch, in decimal digits. */
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly OtlpAttribute[];
  readonly events?: readonly {
    readonly name: string;
    readonly timeUnixNano: string;
    readonly attributes?: readonly OtlpAttribute[];
  }[];
  readonly links?: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes?: readonly OtlpAttribute[];
  }[];
  /** Code 2 is an error. */
  readonly status?: { readonly code?: number; readonly message?: string };
}

/** The spans of one resource in OTLP JSON. */
export interface OtlpResourceSpans {
  readonly resource?: { readonly attributes?: readonly OtlpAttribute[] };
  readonly scopeSpans: readonly { readonly scope?: { readonly name?: string }; readonly spans: readonly OtlpSpan[] }[];
}

/** A log record of a trace. */
export interface TraceLog {
  readonly time: string;
  readonly severity: string;
  readonly body: string;
  readonly spanId?: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The answer of `GET /traces/{traceId}`. `logs` is there with `?logs=true` and `VICTORIALOGS_URL`. */
export interface TraceAnswer {
  readonly resourceSpans: readonly OtlpResourceSpans[];
  readonly logs?: readonly TraceLog[];
}
