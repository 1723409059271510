import type { TrainingProgress } from '../classifier/learning/training-options.ts';

const phaseNames: Readonly<Record<TrainingProgress['phase'], string>> = {
  read: 'Reading the data',
  compare: 'Cross-validating',
  fit: 'Fitting the final model',
  encode: 'Encoding the texts',
  head: 'Training the head',
};

/** The width of the progress bar in characters. */
const BAR_WIDTH = 30;

/** A display of the progress of a training. */
export interface ProgressDisplay {
  show(progress: TrainingProgress): void;
  /** Removes the bar, so that other lines can be written. */
  clear(): void;
}

/** Creates a progress display: a bar on a terminal, and one line per phase elsewhere. */
export function createProgress(stream: NodeJS.WriteStream): ProgressDisplay {
  let phase = '';
  return {
    show(progress) {
      const share = progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0;
      if (stream.isTTY) {
        const filled = Math.round(share * BAR_WIDTH);
        const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
        stream.write(`\r\u001b[K${phaseNames[progress.phase].padEnd(24)}${bar} ${Math.round(share * 100)} %`);
      } else if (progress.phase !== phase) {
        stream.write(`${phaseNames[progress.phase]}\n`);
      }
      phase = progress.phase;
    },
    clear() {
      if (stream.isTTY && phase !== '') stream.write('\r\u001b[K');
    },
  };
}
