/** The allowed names of models and versions, which become names of folders, labels of metrics and attributes of spans. */
export const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
