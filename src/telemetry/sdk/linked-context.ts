import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';

/**
 * A context that holds one value and a link to its parent. The context of the API copies a map and creates three functions
 * for each new value. A request sets two or three values and reads few.
 */
class LinkedContext implements Context {
  readonly #parent: Context;
  readonly #key: symbol;
  readonly #value: unknown;

  constructor(parent: Context, key: symbol, value: unknown) {
    this.#parent = parent;
    this.#key = key;
    this.#value = value;
  }

  getValue(key: symbol): unknown {
    return key === this.#key ? this.#value : this.#parent.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return new LinkedContext(this, key, value);
  }

  deleteValue(key: symbol): Context {
    return new LinkedContext(this, key, undefined);
  }
}

/** An empty context like `ROOT_CONTEXT`. Contexts that are derived from it are linked ones. */
export const linkedRoot: Context = new LinkedContext(ROOT_CONTEXT, Symbol('none'), undefined);
