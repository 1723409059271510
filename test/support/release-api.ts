import { context, logs, metrics, propagation, trace } from '@opentelemetry/api';
import { afterAll } from 'vitest';

// The files of a worker share the API. It keeps the first provider, so that one of a former file would get the data of the next.
afterAll(() => {
  for (const api of [context, logs, metrics, propagation, trace]) api.disable();
});
