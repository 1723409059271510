/** The number of bad lines that an error lists. The others are counted. */
const MAX_LISTED = 10;

/** A line that does not have the expected form. Lines are numbered from 1. */
export interface BadLine {
  readonly line: number;
  readonly reason: string;
}

/** The details of a `DataFileError`. */
export interface DataFileProblem {
  readonly file: string;
  /** The end of a sentence that begins with the name of the file, such as "cannot be read". */
  readonly reason: string;
  /** The first bad lines, at most 10. */
  readonly badLines?: readonly BadLine[];
  /** The number of bad lines that are not listed. */
  readonly unlisted?: number;
  /** The form of a valid line. */
  readonly allowed?: string;
}

/** A data file that cannot be used. The message names the file, the bad lines with their reasons, and what is allowed. */
export class DataFileError extends Error {
  override name = 'DataFileError';
  readonly problem: DataFileProblem;

  constructor(problem: DataFileProblem, options?: ErrorOptions) {
    super(describe(problem), options);
    this.problem = problem;
  }
}

function describe({ file, reason, badLines = [], unlisted = 0, allowed }: DataFileProblem): string {
  const hint = allowed === undefined ? '' : `; allowed: ${allowed}`;
  const [first, ...others] = badLines;
  if (first && others.length === 0) return `${file}, line ${first.line}: ${first.reason}${hint}`;
  return [
    `${file} ${reason}${hint}`,
    ...badLines.map((bad) => `line ${bad.line}: ${bad.reason}`),
    ...(unlisted > 0 ? [`and ${unlisted} more`] : []),
  ].join('\n  ');
}

/** Collects the bad lines of one file. */
export interface BadLines {
  /** Adds a bad line. Lines may arrive in any order. */
  add(line: number, reason: string): void;
  /** @throws {DataFileError} if there is a bad line */
  throwIfAny(): void;
}

/**
 * Creates an empty collection.
 *
 * @param allowed the form of a valid line
 */
export function createBadLines(file: string, allowed: string): BadLines {
  let first: BadLine[] = [];
  let count = 0;
  return {
    add(line, reason) {
      count += 1;
      first = [...first, { line, reason }].sort((a, b) => a.line - b.line).slice(0, MAX_LISTED);
    },
    throwIfAny() {
      if (count === 0) return;
      throw new DataFileError({
        file,
        reason: `has ${count} bad lines`,
        badLines: first,
        unlisted: count - first.length,
        allowed,
      });
    },
  };
}
