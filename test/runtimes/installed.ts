import { readSetting } from '../../src/platform/config.ts';
import { findPackages } from '../../src/runtimes/onnx/packages.ts';

/** Returns whether the packages of runtimes are installed. In CI they must be. */
function findRuntimes(): boolean {
  try {
    findPackages(readSetting('RUNTIMES_DIR'));
    return true;
  } catch (error) {
    if (process.env['CI']) throw error;
    process.stderr.write(`Skipped: ${(error as Error).message}\n`);
    return false;
  }
}

/** True if ONNX Runtime and the tokeniser are installed. Tests that need them are skipped otherwise, with a message. */
export const hasRuntimes = findRuntimes();
