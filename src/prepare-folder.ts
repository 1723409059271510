import { access, constants } from 'node:fs/promises';
import { makePrivateFolder } from './platform/atomic-write.ts';
import { type Config, ConfigError } from './platform/config.ts';
import { describeUnusableFolder } from './platform/storage-errors.ts';

/** Creates a folder if it does not exist. @throws the error of the file system if this process cannot write into it */
export async function prepareFolder(folder: string): Promise<void> {
  await makePrivateFolder(folder);
  await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
}

/** Does a part of the start. @throws {ConfigError} instead of an error of the file system: it names the setting */
export async function namingFolder<T>(config: Config, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const fault = describeUnusableFolder(error, config);
    throw fault === undefined ? error : new ConfigError(fault);
  }
}
