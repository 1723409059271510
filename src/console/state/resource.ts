import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { ApiError, request } from './api.ts';
import { token } from './token.ts';

/** Something that is read from the service. While it is read again, the former value stays. */
export interface Resource<T> {
  readonly value?: T;
  readonly error?: ApiError;
  readonly isLoading: boolean;
}

/**
 * Reads a path of the service, again when it changes, and every `refreshMs` if given.
 *
 * @param path `undefined` reads nothing
 * @param version a number that changes when the same path must be read again
 */
export function useResource<T>(path: string | undefined, refreshMs?: number, version = 0): ReadonlySignal<Resource<T>> {
  return useLoaded<T>(
    `${path} ${version}`,
    path === undefined ? undefined : (signal) => request<T>(path, { signal }),
    refreshMs,
  );
}

/**
 * Loads a value, again when the key changes.
 *
 * @param load `undefined` loads nothing
 */
export function useLoaded<T>(
  key: string,
  load: ((signal: AbortSignal) => Promise<T>) | undefined,
  refreshMs?: number,
): ReadonlySignal<Resource<T>> {
  const resource = useSignal<Resource<T>>({ isLoading: load !== undefined });
  const present = token.value;
  const loadedKey = useRef<string>(undefined);
  useEffect(() => {
    if (load === undefined) {
      resource.value = { isLoading: false };
      return undefined;
    }
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async () => {
      try {
        resource.value = { value: await load(controller.signal), isLoading: false };
        loadedKey.current = key;
      } catch (error) {
        if (controller.signal.aborted) return;
        const { value } = resource.peek();
        // The value of another key would look like the answer to this one.
        const kept = value !== undefined && loadedKey.current === key ? { value } : {};
        resource.value = { ...kept, error: toApiError(error), isLoading: false };
      }
      if (refreshMs !== undefined && !controller.signal.aborted) timer = setTimeout(() => void read(), refreshMs);
    };
    resource.value = { ...resource.peek(), isLoading: true };
    void read();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [key, present, refreshMs]);
  return resource;
}

/** Converts anything that was thrown. */
export function toApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(error instanceof Error ? error.message : String(error), 0);
}
