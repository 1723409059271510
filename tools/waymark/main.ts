import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import tab from '@bomb.sh/tab/commander';
import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { EXIT_USAGE, runCommand } from '../../src/cli/usage.ts';
import { startArguments } from '../stack/start-command.ts';
import { SCRIPT_COMMANDS, type ScriptCommand } from './command-scripts.ts';
import { modelsCommand } from './models-command.ts';

/** Returns the path of a file of the checkout. The current folder can be another one. */
function pathOf(file: string): string {
  return fileURLToPath(new URL(`../../${file}`, import.meta.url));
}

/** Returns the description of a command with a script of its own, for the list of commands and for completion. */
function describeScript({ name, summary, argument, options }: ScriptCommand): Command {
  const command = new Command(name).summary(summary).description(summary);
  if (argument !== undefined) command.argument(argument);
  for (const option of options) command.option(option);
  return command;
}

/**
 * Starts the service with the options of Node that it needs, in place of this process: a signal reaches the service, and its
 * exit code is that of the command.
 */
async function serve(): Promise<void> {
  const args = startArguments('start').map((argument) => (argument.includes('/') ? pathOf(argument) : argument));
  const { execPath, execve, env, platform } = process;
  if (platform !== 'win32' && execve) execve(execPath, [execPath, ...args], env);
  const child = spawn(execPath, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
}

function createProgram(): Command {
  const program = new Command('waymark')
    .description(packageJson.description)
    .version(packageJson.version)
    .showHelpAfterError('Try: waymark --help')
    .addHelpText(
      'after',
      '\nCompletion for the running shell: source <(waymark complete bash), or zsh, fish, powershell.',
    );
  program
    .command('serve')
    .summary('start the service')
    .description('Starts the service. Its settings are environment variables (docs/settings.md).')
    .action(serve);
  for (const command of SCRIPT_COMMANDS) program.addCommand(describeScript(command));
  program.addCommand(modelsCommand());
  tab(program);
  return program;
}

/**
 * Runs a command that has a script of its own, in this process. The script reads all its arguments itself.
 *
 * @returns `undefined` if the arguments name no such command
 */
function runScript([name, ...args]: readonly string[]): Promise<unknown> | undefined {
  const found = SCRIPT_COMMANDS.find((command) => command.name === name);
  if (!found) return undefined;
  process.argv.splice(1, process.argv.length, `waymark ${found.name}`, ...args);
  return import(pathOf(found.script));
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const [first = '', second = ''] = args;
  if (await runScript(first === 'help' ? [second, '--help'] : args)) return;
  const program = createProgram();
  const commands = [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)];
  for (const command of commands) command.exitOverride();
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // The library has written the message already.
    process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
  }
}

runCommand('waymark', main);
