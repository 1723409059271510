import type { IdGenerator } from '@opentelemetry/sdk-trace';
import { randomHex } from '../random-hex.ts';

/** Ids from a pool of random bytes. The SDK's own asks for each of its words and writes them one by one. */
export const randomIds: IdGenerator = {
  generateTraceId: () => randomHex(16),
  generateSpanId: () => randomHex(8),
};
