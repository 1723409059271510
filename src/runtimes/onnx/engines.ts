import type { Config } from '../../platform/config.ts';
import { type Engine, type EngineLimits, startEngine } from './engine.ts';
import type { EncoderSettings } from './messages.ts';
import { findPackages } from './packages.ts';

/** An engine as one version uses it. */
export interface EngineUse {
  readonly engine: Engine;
  /** Ends the engine after its last use. */
  readonly close: () => void;
}

/** The engines of a process. Versions with the same encoder share one engine, and so one session for each thread. */
export interface Engines {
  /**
   * Opens an engine, or returns the engine that is open already.
   *
   * @param key identifies the content of the files and the output
   * @param locate returns the files; called if the engine is not open
   * @throws {MissingRuntimeError} if ONNX Runtime is not installed
   */
  open(key: string, locate: () => Promise<EncoderSettings>): Promise<EngineUse>;
  /** Ends all engines. Each thread encodes its batch first. */
  end(): Promise<void>;
}

/** Limits for commands, where texts never have to be refused. */
export const COMMAND_LIMITS: EngineLimits = { threads: 1, maxWaiting: 100_000, timeoutMs: 600_000 };

/**
 * Creates engines. They start with their first use.
 *
 * @param runtimesFolder the folder of `RUNTIMES_DIR`
 */
export function createEngines(runtimesFolder?: string, limits: EngineLimits = COMMAND_LIMITS): Engines {
  const open = new Map<string, { readonly started: Promise<Engine>; uses: number }>();

  function start(key: string, locate: () => Promise<EncoderSettings>) {
    const packages = findPackages(runtimesFolder);
    const entry = { started: locate().then((settings) => startEngine({ ...settings, packages }, limits)), uses: 0 };
    open.set(key, entry);
    // A failed start is tried again by the next version.
    entry.started.catch(() => open.delete(key));
    return entry;
  }

  return {
    async open(key, locate) {
      const entry = open.get(key) ?? start(key, locate);
      entry.uses += 1;
      const engine = await entry.started;
      let isOpen = true;
      return {
        engine,
        close() {
          if (!isOpen) return;
          isOpen = false;
          entry.uses -= 1;
          if (entry.uses > 0) return;
          open.delete(key);
          engine.endWhenIdle();
        },
      };
    },
    async end() {
      const ended = [...open.values()].map(({ started }) => started.then((engine) => engine.end()).catch(() => {}));
      open.clear();
      await Promise.all(ended);
    },
  };
}

/** Creates the engines of a service by its settings. */
export function createServiceEngines(config: Config): Engines {
  return createEngines(config.RUNTIMES_DIR, {
    threads: config.ENCODER_THREADS,
    maxWaiting: config.ENCODER_MAX_WAITING,
    timeoutMs: config.ENCODER_TIMEOUT_MS,
  });
}
