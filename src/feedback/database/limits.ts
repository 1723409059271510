/** The number of latest labels whose confidences are read: their ids have to be decoded. */
export const MAX_CONFIDENCES = 20_000;

const DAY_MS = 86_400_000;

/** The longest time in milliseconds that a shadow's label waits for the true label, and a review for its answer. */
export const LABEL_RETENTION_MS = 30 * DAY_MS;
/** The maximum number of labels that wait, and of reviews. */
export const MAX_LABELS = 1_000_000;
export const MAX_REVIEWS = 100_000;
/** The time in minutes that minute counts are kept. */
export const RETENTION_MINUTES = 1_440;
/** The time in milliseconds that the counts of slots are kept: durations, and the others. */
export const DURATION_RETENTION_MS = 35 * DAY_MS;
export const SLOT_RETENTION_MS = 400 * DAY_MS;
/** The number of new rows after which old rows are deleted. */
export const ROWS_BETWEEN_CLEANUPS = 20_000;
