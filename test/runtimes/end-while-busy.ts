/**
 * Ends threads of an encoder while they encode, in a process of its own: `node end-while-busy.ts FOLDER`. Native code that returns to a
 * thread which is being ended ends the whole process with SIGABRT.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { readSetting } from '../../src/platform/config.ts';
import { readEncoder, settingsOf } from '../../src/runtimes/encoder-files.ts';
import { findPackages } from '../../src/runtimes/onnx/packages.ts';
import { startEncoderThread } from '../../src/runtimes/onnx/thread-handle.ts';

const [folder = ''] = process.argv.slice(2);
const THREADS = 3;
const settings = await settingsOf(await readEncoder(folder), 'embedding');
const data = { ...settings, packages: findPackages(readSetting('RUNTIMES_DIR')) };
const texts = Array.from({ length: 8 }, () => 'the free money about winner and prize number 1 '.repeat(20));
let answered = 0;

for (let number = 0; number < THREADS; number += 1) {
  const thread = await startEncoderThread(data);
  const started = performance.now();
  await thread.encode(texts);
  const batchMs = performance.now() - started;
  const answer = thread.encode(texts).then(
    () => {
      answered += 1;
    },
    () => {},
  );
  await delay(batchMs * (0.5 + number / THREADS / 2));
  await thread.end();
  await answer;
}
process.stdout.write(`${answered} of ${THREADS} batches were answered\n`);
