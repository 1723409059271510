import type { Degradations } from '../platform/degradations.ts';
import type { SharedState } from '../postgres/shared-state.ts';
import type { VersionStore } from '../postgres/version-store.ts';
import type { Log } from '../telemetry/logs/log.ts';
import type { Model, OnSwap } from './store.ts';
import type { LoaderOptions } from './version-loader.ts';

/** A change of this process that other processes on this machine apply: to the roles of a model, or to the loaded models. */
export type RegistryEvent = 'roles-changed' | 'loaded' | 'unloaded';

/** Options of `openRegistry`. */
export interface RegistryOptions extends LoaderOptions {
  /** The models folder, which contains `NAME/VERSION/`. */
  readonly folder: string;
  readonly log: Log;
  /** Receives each version that was read, before requests do. */
  readonly warmUp?: (model: Model) => void | Promise<void>;
  /** Receives the versions of a model whenever they change. */
  readonly onSwap?: OnSwap;
  /** Announces a change by this process. The change waits for it. */
  readonly announce?: (name: string, event: RegistryEvent) => Promise<void>;
  /** The models that were unloaded before this process started. */
  readonly unloaded?: readonly string[];
  /** Reports a fault that predictions can do without, or its end. It is logged here. */
  readonly reportFault?: Degradations['report'];
  /** The roles that replicas share. */
  readonly shared?: SharedState | undefined;
  /** The versions that replicas share. The folder is a copy of them. */
  readonly versions?: VersionStore | undefined;
  /** The pause between two polls of the folder, in milliseconds. */
  readonly pollMs?: number;
}
