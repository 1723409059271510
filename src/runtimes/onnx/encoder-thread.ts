import { constants, getPriority, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { EncodedText, EncodeRequest, EncoderMessage, EncoderThreadData } from './messages.ts';
import { type EncoderSession, openSession } from './session.ts';
import type { TokenIds } from './token-ids.ts';

/**
 * The maximum number of tokens, padding included, that are encoded together. The memory of a batch grows with it, and with
 * the square of the longest text.
 */
const MAX_BATCH_TOKENS = 2_048;

/** The niceness of the thread, above that of the process. The thread that answers requests goes first where cores are scarce. */
const NICENESS = 5;

const port = parentPort!;
const post = (message: EncoderMessage, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
const fail = (error: unknown) => post({ kind: 'failed', message: (error as Error).message });

/** The time in milliseconds since the epoch. Unlike that of `Date`, it has a fraction, and is never set. */
const now = () => performance.timeOrigin + performance.now();

/** Divides texts into batches of similar length. Returns the numbers of the texts. */
function toBatches(texts: readonly TokenIds[]): number[][] {
  const byLength = [...texts.keys()].sort((a, b) => texts[a]!.ids.length - texts[b]!.ids.length);
  const batches: number[][] = [];
  let batch: number[] = [];
  for (const text of byLength) {
    // The text is the longest so far, so the others are padded to its length.
    if (batch.length > 0 && (batch.length + 1) * texts[text]!.ids.length > MAX_BATCH_TOKENS) {
      batches.push(batch);
      batch = [];
    }
    batch.push(text);
  }
  return [...batches, batch];
}

async function encode(session: EncoderSession, { texts }: EncodeRequest): Promise<void> {
  const { dimensions } = session;
  const times: { tokenizeStarted: number; tokenized: number }[] = [];
  const tokenIds = texts.map((text) => {
    const tokenizeStarted = now();
    const ids = session.tokenize(text);
    times.push({ tokenizeStarted, tokenized: now() });
    return ids;
  });
  const outputs = new Float32Array(texts.length * dimensions);
  const encodedTexts: EncodedText[] = [];
  for (const batch of toBatches(tokenIds)) {
    const batchOutputs = await session.encode(batch.map((text) => tokenIds[text]!));
    const encoded = now();
    for (const [at, text] of batch.entries()) {
      outputs.set(batchOutputs.subarray(at * dimensions, (at + 1) * dimensions), text * dimensions);
      const { count: tokens, unknown: unknownTokens } = tokenIds[text]!;
      encodedTexts[text] = { tokens, unknownTokens, ...times[text]!, encoded, batchSize: batch.length };
    }
  }
  post({ kind: 'encoded', outputs, texts: encodedTexts }, [outputs.buffer]);
}

// Elsewhere a priority is that of the whole process.
if (process.platform === 'linux') setPriority(Math.min(constants.priority.PRIORITY_LOW, getPriority() + NICENESS));

openSession(workerData as EncoderThreadData).then((session) => {
  port.on('message', (request: EncodeRequest) => void encode(session, request).catch(fail));
  post({ kind: 'ready', dimensions: session.dimensions });
}, fail);
