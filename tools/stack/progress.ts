import { styleText } from 'node:util';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Where progress is written: a terminal gets a spinner, anything else one line when a step begins and one when it ends. */
export interface Output {
  write: (text: string) => unknown;
  isTTY?: boolean;
}

/** Runs one step and shows that it is under way, then how it ended and how long it took. */
export async function step<T>(output: Output, title: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const elapsed = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  const end = (mark: string) => output.write(`${output.isTTY ? '\r\u001b[K' : ''}${mark} ${title} (${elapsed()})\n`);
  const spinner = output.isTTY ? spin(output, () => `${title} (${elapsed()})`) : undefined;
  if (!spinner) output.write(`… ${title}\n`);
  try {
    const result = await work();
    clearInterval(spinner);
    end(mark(true));
    return result;
  } catch (error) {
    clearInterval(spinner);
    end(mark(false));
    throw error;
  }
}

/** A tick or a cross, coloured where the terminal can. */
export function mark(good: boolean): string {
  return good ? styleText('green', '✓') : styleText('red', '✗');
}

function spin(output: Output, text: () => string): NodeJS.Timeout {
  let frame = 0;
  return setInterval(() => {
    frame = (frame + 1) % FRAMES.length;
    output.write(`\r\u001b[K${FRAMES[frame]} ${text()}`);
  }, 100);
}
