import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The result of a command. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const SCRIPTS = {
  train: 'src/cli/train.ts',
  'import-onnx': 'src/cli/import-onnx.ts',
  'import-remote': 'src/cli/remote/import-remote.ts',
  evaluate: 'src/cli/evaluate.ts',
  sign: 'src/cli/signing/sign.ts',
  verify: 'src/cli/signing/verify.ts',
  classify: 'src/cli/classify.ts',
  storage: 'src/cli/storage/storage.ts',
  load: 'tools/load/main.ts',
  waymark: 'tools/waymark/waymark.cjs',
};

/**
 * Runs a command in a process of its own. `onStderr` is called at its first message, and can stop it.
 *
 * @param input the content of standard input, which is empty by default
 */
export async function runCli(
  name: keyof typeof SCRIPTS,
  args: readonly string[],
  onStderr: (stop: (signal: NodeJS.Signals) => void) => void = () => {},
  input?: string | Buffer,
): Promise<CommandResult> {
  const script = fileURLToPath(new URL(`../../${SCRIPTS[name]}`, import.meta.url));
  const child = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  // A command that does not read its input may have ended before.
  child.stdin.on('error', () => {}).end(input);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  child.stderr.once('data', () => onStderr((signal) => child.kill(signal)));
  const code = await new Promise<number | null>((done) => child.on('close', done));
  return { code, stdout, stderr };
}
