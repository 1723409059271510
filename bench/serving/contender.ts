import type { Component } from '../../tools/stack/components.ts';
import type { Mails } from '../harness/mails.ts';

/** Where a contender listens, and where it sends its traces. */
export interface Addresses {
  readonly port: number;
  /** For contenders that listen on more than one. */
  readonly otherPorts: readonly [number, number];
  readonly collectorHttp: string;
  readonly collectorGrpc: string;
}

/** What a contender needs to be made ready. */
export interface Workplace {
  readonly folder: string;
  readonly mails: Mails;
  readonly addresses: Addresses;
}

/** One server that answers the same mails. */
export interface Contender {
  readonly name: ContenderName;
  /** It sends its traces to the Collector. */
  readonly traced: boolean;
  /** Which cores it runs on, as `taskset` reads them: the first alone, where not told otherwise. */
  readonly cores?: string;
  /** Installs and trains what it needs, and says how it is started: command, arguments, environment. */
  readonly prepare: (workplace: Workplace) => Promise<Command>;
  /** What it answers with 200 to `GET` when it is ready. */
  readonly health: string;
  readonly path: string;
  readonly body: (text: string) => unknown;
  /** The label in its answer; a server without a classifier has none. */
  readonly label?: (answer: never) => string;
}

/** How a contender is started. */
export interface Command extends Pick<Component, 'file' | 'args'> {
  readonly env?: Record<string, string>;
  /** The project's folder, where not told otherwise. */
  readonly cwd?: string;
  /** A figure that belongs beside the table. */
  readonly note?: string;
}

export const names = {
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

export type ContenderName = keyof typeof names;
