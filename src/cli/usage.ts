import { SAFE_NAME } from '../platform/safe-names.ts';

/** The exit code for bad arguments: `EX_USAGE` of sysexits.h. */
export const EXIT_USAGE = 64;
/** The exit code for bad data: `EX_DATAERR` of sysexits.h. */
const EXIT_DATA = 65;
/** The exit code after an interrupt, as shells use it: 128 plus the number of SIGINT. */
const EXIT_INTERRUPTED = 130;

const DATA_ERRORS = new Set([
  'DataFileError',
  'TrainingDataError',
  'NaturalFileError',
  'ArtefactError',
  'KeyFileError',
  'EncoderError',
]);

/** A bad argument. The message names the argument and the allowed values. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/**
 * Checks the name of a model or version.
 *
 * @throws {UsageError} if the value is missing, or is not a safe name
 */
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

/**
 * Reads a reference, `NAME@VERSION` or `NAME`.
 *
 * @param flag the name of the option with the reference, for messages
 * @throws {UsageError} if the reference is missing or not valid
 */
export function requireReference(
  flag: string,
  reference: string | undefined,
): { readonly name: string; readonly version: string | undefined } {
  const [name, version] = reference?.split(/@(.*)/s) ?? [];
  return { name: requireName(flag, name), version: version === undefined ? undefined : requireName(flag, version) };
}

/**
 * Checks a value against a list.
 *
 * @throws {UsageError} if the list does not contain the value
 */
export function requireOneOf<T extends string>(flag: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((name) => name === value);
  if (found === undefined) {
    throw new UsageError(`--${flag} is ${JSON.stringify(value)}; allowed: ${allowed.join(', ')}`);
  }
  return found;
}

/** Returns whether the command was invoked as `waymark NAME`, and not by `npm run NAME`. */
export function isInvokedAsWaymark(): boolean {
  return process.argv[1]?.startsWith('waymark ') ?? false;
}

/** Returns a help text with the commands as they were invoked: `waymark train` instead of `npm run train --`. */
export function asInvoked(help: string): string {
  if (!isInvokedAsWaymark()) return help;
  return help.replace(/npm run (train|import-onnx|import-remote|evaluate|classify|load) --/g, 'waymark $1');
}

/** Runs a command. An error becomes a line on stderr and an exit code. */
export function runCommand(name: string, main: () => Promise<void>): void {
  main().catch((error: NodeJS.ErrnoException) => {
    const isUsage = error.name === 'UsageError' || String(error.code).startsWith('ERR_PARSE_ARGS');
    process.stderr.write(
      `${name}: ${error.message}\n${isUsage ? `${asInvoked(`Try: npm run ${name} --`)} --help\n` : ''}`,
    );
    if (error.name === 'AbortError') process.exitCode = EXIT_INTERRUPTED;
    else process.exitCode = isUsage ? EXIT_USAGE : DATA_ERRORS.has(error.name) ? EXIT_DATA : 1;
  });
}
