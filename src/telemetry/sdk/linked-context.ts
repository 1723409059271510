import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';

/**
 * A context that holds one value and knows where it came from. The API's own copies a map and makes three functions for
 * each value that is set; a request sets two or three, and asks for few.
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

/** Holds nothing, as `ROOT_CONTEXT` does; the contexts that are made of it are linked ones. */
export const linkedRoot: Context = new LinkedContext(ROOT_CONTEXT, Symbol('none'), undefined);
