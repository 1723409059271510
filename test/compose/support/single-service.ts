import { eventually } from '../../../tools/stack/check/queries.ts';
import { postJson } from '../../../tools/stack/check/traffic.ts';
import { freePort } from '../../support/service-process.ts';
import { docker, logsOf } from './docker.ts';

/** A container with the service alone. */
export interface SingleService {
  readonly container: string;
  readonly url: string;
  predict(text: string): Promise<{ model: { name: string; version: string } }>;
  /** Removes the container and its nameless volumes. */
  remove(): Promise<void>;
}

/**
 * Starts a container with the service, and resolves when it is ready.
 *
 * @param options options of `docker run`
 * @param models what is mounted as the models folder; the default is a new volume
 */
export async function startService(options: readonly string[], models = '/app/models'): Promise<SingleService> {
  const port = await freePort();
  const publish = ['--publish', `127.0.0.1:${port}:3000`, '--volume', '/app/data', '--volume', models];
  const container = (await docker(['run', '--detach', ...publish, ...options, 'waymark'])).trim().split('\n').at(-1)!;
  const url = `http://127.0.0.1:${port}`;
  const remove = async () => {
    await docker(['rm', '--force', '--volumes', container]);
  };
  try {
    await eventually(async () => {
      if (!(await fetch(`${url}/readyz`)).ok) throw new Error('it is not ready');
    });
  } catch (error) {
    const log = await logsOf(container);
    await remove();
    throw new Error(`The container did not get ready. Its log:\n${log}`, { cause: error });
  }
  return {
    container,
    url,
    predict: async (text) =>
      (await postJson(`${url}/predict`, { text })) as Awaited<ReturnType<SingleService['predict']>>,
    remove,
  };
}
