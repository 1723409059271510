import type { Component } from '../../tools/stack/components.ts';
import type { Mails } from '../harness/mails.ts';

/** The addresses at which a contender listens and to which it sends its traces. */
export interface Addresses {
  readonly port: number;
  /** Further ports for contenders that need more than one. */
  readonly otherPorts: readonly [number, number];
  readonly collectorHttp: string;
  readonly collectorGrpc: string;
}

/** The environment in which a contender is prepared and started. */
export interface Workplace {
  readonly folder: string;
  readonly mails: Mails;
  readonly addresses: Addresses;
}

/** A server that answers the mails. */
export interface Contender {
  readonly name: ContenderName;
  /** True if the contender sends its traces to the Collector. */
  readonly traced: boolean;
  /** The cores of the contender as `taskset` reads them; by default the first core. */
  readonly cores?: string;
  /** Installs the programs and trains the model of the contender, and returns the command that starts it. */
  readonly prepare: (workplace: Workplace) => Promise<Command>;
  /** The path that answers `GET` with 200 when the contender is ready. */
  readonly health: string;
  /** The path of predictions. */
  readonly path: string;
  /** Returns the request body for a text. */
  readonly body: (text: string) => unknown;
  /** Returns the label in an answer. A server without a classifier has none. */
  readonly label?: (answer: never) => string;
}

/** The command that starts a contender. */
export interface Command extends Pick<Component, 'file' | 'args'> {
  readonly env?: Record<string, string>;
  /** The working folder; by default the folder of the project. */
  readonly cwd?: string;
  /** A sentence for the report. */
  readonly note?: string;
}

/** The titles of the contenders in the report, in Markdown. */
export const contenderTitles = {
  ceiling: '`node:http`, parses the JSON, no classifier',
  off: 'Waymark, telemetry off',
  traced: '**Waymark, every request traced, measured, logged**',
  workers: 'the same, `WORKERS=2` on both cores',
  natural: 'Koa + natural, every auto-instrumentation',
  flask: 'Flask + scikit-learn',
  flaskTraced: 'Flask + scikit-learn + OpenTelemetry',
  fastapi: 'FastAPI + scikit-learn',
  fastapiTraced: 'FastAPI + scikit-learn + OpenTelemetry',
  mlserver: 'MLServer + scikit-learn',
  mlserverTraced: 'MLServer + scikit-learn + OpenTelemetry',
  bentoml: 'BentoML + scikit-learn',
  bentomlTraced: 'BentoML + scikit-learn + OpenTelemetry',
} as const;

export type ContenderName = keyof typeof contenderTitles;
