import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Component, components, type Pace, type Urls, urls } from './components.ts';
import { installTools } from './install.ts';
import { freePorts, type Ports, requireFree, WELL_KNOWN_PORTS } from './ports.ts';
import { type Running, start } from './processes.ts';
import { type Output, step } from './progress.ts';
import { layAlertmanagerFolder, layPrometheusFolder } from './prometheus-folder.ts';
import { tail } from './run.ts';

/** The whole system, running. */
export interface Stack {
  urls: Urls;
  ports: Ports;
  /** Resolves, with what to tell people, when a component ends that nobody asked to. */
  failed: Promise<string>;
  /** Stops one component and waits for its end. */
  stopOne: (name: string) => Promise<void>;
  /** Starts one component that was stopped, with the data it had. */
  startOne: (name: string) => Promise<void>;
  /** Stops everything, the service first and the stores last, so that all that is under way arrives. */
  stop: () => Promise<void>;
}

/** Where a stack keeps its data and logs, and how it runs. */
export interface StackOptions {
  folder: string;
  ports: 'well-known' | 'free';
  pace: Pace;
  output: Output;
  /** More settings for the service. */
  serviceEnv?: NodeJS.ProcessEnv;
  /** Gives the start up, and stops what was started by then. */
  signal: AbortSignal;
}

/** Installs what is missing and starts everything, in order of dependence. What was started is stopped again if one fails. */
export async function startStack({
  folder,
  ports: choice,
  pace,
  output,
  signal,
  serviceEnv,
}: StackOptions): Promise<Stack> {
  const tools = await installTools(output, signal);
  const ports = choice === 'free' ? await freePorts() : WELL_KNOWN_PORTS;
  await requireFree(ports);
  await mkdir(folder, { recursive: true });
  await layPrometheusFolder(join(folder, 'prometheus'), ports, pace);
  await layAlertmanagerFolder(join(folder, 'alertmanager'), ports, pace);

  const rows = components(tools, ports, folder, pace, serviceEnv);
  const running = new Map<string, Running>();
  const failure = Promise.withResolvers<string>();

  const startComponent = async (component: Component) => {
    const process = await start(component, join(folder, 'logs', `${component.name}.log`), signal);
    running.set(component.name, process);
    void process.exited.then(async (reason) => {
      if (running.get(component.name) !== process) return;
      failure.resolve(
        `${component.name} stopped by itself (${reason}). Its log, ${process.log}, ends:\n${await tail(process.log)}`,
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
    if (await process?.stop()) output.write(`${name} did not stop in time and was ended by force\n`);
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
    urls: urls(ports),
    ports,
    failed: failure.promise,
    stopOne: (name) => stopComponent(find(name)),
    startOne: (name) => startComponent(find(name)),
    stop,
  };
}
