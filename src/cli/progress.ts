import type { TrainingProgress } from '../classifier/learning/training-options.ts';

const words: Readonly<Record<TrainingProgress['phase'], string>> = {
  read: 'Reading the data',
  compare: 'Cross-validating',
  fit: 'Fitting the final model',
};

const barLength = 30;

/** Shows progress: a bar on a terminal, and a line a phase where output goes to a file. */
export function createProgress(stream: NodeJS.WriteStream): { show(progress: TrainingProgress): void; clear(): void } {
  let phase = '';
  return {
    show(progress) {
      const share = progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0;
      if (stream.isTTY) {
        const filled = Math.round(share * barLength);
        const bar = '█'.repeat(filled) + '░'.repeat(barLength - filled);
        stream.write(`\r\u001b[K${words[progress.phase].padEnd(24)}${bar} ${Math.round(share * 100)} %`);
      } else if (progress.phase !== phase) {
        stream.write(`${words[progress.phase]}\n`);
      }
      phase = progress.phase;
    },
    clear() {
      if (stream.isTTY && phase !== '') stream.write('\r\u001b[K');
    },
  };
}
