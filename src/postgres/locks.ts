/**
 * The advisory locks of Waymark in a database. The first number separates them from those of other programs, and the second
 * one is the lock. Versions of Waymark that run side by side use the same numbers.
 */
export const LOCK_SPACE = 30_573;

/** Changes the tables. */
export const MIGRATION_LOCK = 1;
/** Writes feedback and experiments: one writer at a time, for the time of one statement. */
export const WRITER_LOCK = 2;
/** The number above which the locks with a name are. */
export const NAMED_LOCKS = 1_000;
/** Reports the totals of feedback as metrics. */
export const REPORTER_LOCK = 3;
