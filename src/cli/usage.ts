import { SAFE_NAME } from '../platform/safe-names.ts';

/** Exit code for arguments that cannot be used (`EX_USAGE` of sysexits.h). */
const usageExit = 64;
/** Exit code for data that cannot be used (`EX_DATAERR`). */
const dataExit = 65;
/** Exit code after an interrupt, as shells have it: 128 plus the signal's number. */
const interruptedExit = 130;

const dataErrors = new Set(['DataFileError', 'TrainingDataError', 'NaturalFileError', 'ArtefactError']);

/** The arguments are at fault; the message says which and what is allowed. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** A value that must be a safe name of a model or version. */
export function requireName(flag: string, value: string | undefined): string {
  if (value === undefined) throw new UsageError(`--${flag} is missing`);
  if (!SAFE_NAME.test(value)) {
    throw new UsageError(
      `--${flag} is ${JSON.stringify(value)}; allowed: up to 64 letters, digits, dots, dashes and underscores, ` +
        'the first a letter or digit',
    );
  }
  return value;
}

/** A value out of a list. */
export function requireOneOf<T extends string>(flag: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((name) => name === value);
  if (found === undefined) {
    throw new UsageError(`--${flag} is ${JSON.stringify(value)}; allowed: ${allowed.join(', ')}`);
  }
  return found;
}

/** Runs a command; what it throws becomes a line on stderr and an exit code. */
export function runCommand(name: string, main: () => Promise<void>): void {
  main().catch((error: NodeJS.ErrnoException) => {
    const isUsage = error.name === 'UsageError' || String(error.code).startsWith('ERR_PARSE_ARGS');
    process.stderr.write(`${name}: ${error.message}\n${isUsage ? `Try: npm run ${name} -- --help\n` : ''}`);
    if (error.name === 'AbortError') process.exitCode = interruptedExit;
    else process.exitCode = isUsage ? usageExit : dataErrors.has(error.name) ? dataExit : 1;
  });
}
