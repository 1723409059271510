/** Matches the names allowed for models and versions. The names become folder names, metric labels and span attributes. */
export const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
