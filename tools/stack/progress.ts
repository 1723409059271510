import { styleText } from 'node:util';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/**
 * The stream for progress. A terminal shows a spinner; other streams get a line at the start and the end of each step.
 */
export interface Output {
  write: (text: string) => unknown;
  isTTY?: boolean;
}

/** Runs a step and shows its progress, then its outcome and its duration. Errors of the step are rethrown. */
export async function step<T>(output: Output, title: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const elapsed = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  const end = (succeeded: boolean) =>
    output.write(`${output.isTTY ? '\r\u001b[K' : ''}${statusMark(succeeded)} ${title} (${elapsed()})\n`);
  const spinner = output.isTTY ? spin(output, () => `${title} (${elapsed()})`) : undefined;
  if (!spinner) output.write(`… ${title}\n`);
  try {
    const result = await work();
    clearInterval(spinner);
    end(true);
    return result;
  } catch (error) {
    clearInterval(spinner);
    end(false);
    throw error;
  }
}

/** Returns a tick or a cross, in colour if the terminal supports it. */
export function statusMark(succeeded: boolean): string {
  return succeeded ? styleText('green', '✓') : styleText('red', '✗');
}

function spin(output: Output, text: () => string): NodeJS.Timeout {
  let frame = 0;
  return setInterval(() => {
    frame = (frame + 1) % FRAMES.length;
    output.write(`\r\u001b[K${FRAMES[frame]} ${text()}`);
  }, 100);
}
