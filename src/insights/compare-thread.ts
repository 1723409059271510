import { parentPort } from 'node:worker_threads';
import { compare } from './compare.ts';
import type { CompareRequest, CompareResponse } from './comparer.ts';
import { mergeTables } from './table.ts';

const port = parentPort!;

port.on('message', ({ requestId, tables }: CompareRequest) => {
  const send = (response: CompareResponse) => port.postMessage(response);
  try {
    send({ requestId, result: compare(mergeTables(tables)) });
  } catch (error) {
    send({ requestId, failure: (error as Error).message });
  }
});
