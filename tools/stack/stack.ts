import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Component, components, type Pace, type Urls, urlsOf } from './components.ts';
import { writeAlertmanagerFolder, writePrometheusFolder } from './configuration-folders.ts';
import { installTools } from './install.ts';
import { freePorts, type Ports, requireFreePorts, wellKnownPorts } from './ports.ts';
import { type RunningComponent, start } from './processes.ts';
import { type Output, step } from './progress.ts';
import { tail } from './run.ts';

/** A running stack. */
export interface Stack {
  urls: Urls;
  ports: Ports;
  /** Resolves to a message for people when a component ends unexpectedly. */
  failed: Promise<string>;
  /** Stops one component and waits for its end. */
  stopOne: (name: string) => Promise<void>;
  /** Starts a stopped component with its existing data. */
  startOne: (name: string) => Promise<void>;
  /** Stops everything: the service first and the stores last, so that all telemetry arrives. */
  stop: () => Promise<void>;
}

/** Options of `startStack`. `folder` is for data and logs. */
export interface StackOptions {
  folder: string;
  ports: 'well-known' | 'free';
  pace: Pace;
  output: Output;
  /** Additional settings for the service. */
  serviceEnv?: NodeJS.ProcessEnv;
  /** Cancels the start, and stops the components that were already started. */
  signal: AbortSignal;
}

/**
 * Installs missing programs and starts all components in the order of their dependencies.
 *
 * @throws {Error} if a component cannot be installed or started; the components that were already started are stopped
 */
export async function startStack({
  folder,
  ports: choice,
  pace,
  output,
  signal,
  serviceEnv,
}: StackOptions): Promise<Stack> {
  const tools = await installTools(output, signal);
  const ports = choice === 'free' ? await freePorts() : wellKnownPorts;
  await requireFreePorts(ports);
  await mkdir(folder, { recursive: true });
  await writePrometheusFolder(join(folder, 'prometheus'), ports, pace);
  await writeAlertmanagerFolder(join(folder, 'alertmanager'), ports, pace);

  const rows = components(tools, ports, folder, pace, serviceEnv);
  const running = new Map<string, RunningComponent>();
  const failure = Promise.withResolvers<string>();

  const startComponent = async (component: Component) => {
    const process = await start(component, join(folder, 'logs', `${component.name}.log`), signal);
    running.set(component.name, process);
    void process.exited.then(async (reason) => {
      if (running.get(component.name) !== process) return;
      failure.resolve(
        `${component.name} stopped unexpectedly (${reason}). The end of its log ${process.log}:\n${await tail(process.log)}`,
      );
    });
  };
  const startRow = async (row: Component[]) => {
    const started = await Promise.allSettled(row.map(startComponent));
    const broken = started.find((result) => result.status === 'rejected');
    if (broken) throw broken.reason;
  };
  const stopComponent = async ({ name }: Component) => {
    const process = running.get(name);
    running.delete(name);
    if (await process?.stop()) output.write(`${name} did not stop in time and was killed\n`);
  };
  const stop = async () => {
    for (const row of rows.toReversed()) await Promise.all(row.map(stopComponent));
  };
  const find = (name: string) => {
    const component = rows.flat().find((candidate) => candidate.name === name);
    if (!component) throw new Error(`The stack has no component ${name}`);
    return component;
  };

  try {
    for (const row of rows) {
      await step(output, row.map(({ name }) => name).join(', '), () => startRow(row));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    urls: urlsOf(ports),
    ports,
    failed: failure.promise,
    stopOne: (name) => stopComponent(find(name)),
    startOne: (name) => startComponent(find(name)),
    stop,
  };
}
