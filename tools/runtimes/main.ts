/** `npm run runtimes -- install`: brings ONNX Runtime and the tokeniser, which only encoders need. */
import { parseArgs } from 'node:util';
import { runCommand, UsageError } from '../../src/cli/usage.ts';
import { readSetting } from '../../src/platform/config.ts';
import { install, isInstalled } from './install.ts';

const HELP = `Usage: npm run runtimes -- install

Installs the packages that run encoders (onnxruntime-node and @huggingface/tokenizers) into RUNTIMES_DIR, by default
~/.cache/waymark/runtimes. Versions and integrity are pinned in tools/runtimes/package-lock.json.
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (positionals.join(' ') !== 'install') throw new UsageError('the only command is "install"');
  const folder = readSetting('RUNTIMES_DIR');
  if (!(await isInstalled(folder))) await install(folder);
  process.stdout.write(`The packages for encoders are in ${folder}\n`);
}

runCommand('runtimes', main);
