/** A command that is a script of its own. */
export interface ScriptCommand {
  readonly name: 'train' | 'import-onnx' | 'import-remote' | 'evaluate' | 'classify' | 'load';
  readonly summary: string;
  /** The path of the script in the checkout. */
  readonly script: string;
  /** The arguments before the options, as `--help` shows them. */
  readonly argument?: string;
  /** The options with their values, for completion. The script reads and explains them. A test compares both. */
  readonly options: readonly string[];
}

const DATA_OPTIONS = ['--data <file>', '--text-field <name>', '--label-field <name>'];

/** The commands whose scripts `npm run` starts too. */
export const SCRIPT_COMMANDS: readonly ScriptCommand[] = [
  {
    name: 'train',
    summary: 'train a version of a model from labelled texts',
    script: 'src/cli/train.ts',
    options: [
      ...DATA_OPTIONS,
      '--from-natural <file>',
      '--encoder <folder>',
      '--encoder-only',
      '--cascade <share>',
      '--model <name>',
      '--with-feedback',
      '--robust',
      '--data-dir <dir>',
      '--feedback-key-file <file>',
      '--test <file>',
      '--test-share <share>',
      '--activate',
      '--version <version>',
      '--algorithm <name>',
      '--tokenizer <name>',
      '--models <dir>',
      '--seed <n>',
      '--json',
    ],
  },
  {
    name: 'import-onnx',
    summary: 'import a fine-tuned classifier in ONNX as it is',
    script: 'src/cli/import-onnx.ts',
    options: [
      '--from <folder>',
      '--model <name>',
      '--calibrate <file>',
      '--text-field <name>',
      '--label-field <name>',
      '--activate',
      '--version <version>',
      '--models <dir>',
      '--json',
    ],
  },
  {
    name: 'import-remote',
    summary: 'make a version of a model that runs elsewhere',
    script: 'src/cli/remote/import-remote.ts',
    options: [
      '--url <url>',
      '--protocol <name>',
      '--model <name>',
      '--remote-model <name>',
      '--remote-version <version>',
      '--labels <list>',
      '--task <file>',
      '--input <name>',
      '--output <name>',
      '--content <name>',
      '--top-logprobs <n>',
      '--max-tokens <n>',
      '--calibrate <file>',
      '--text-field <name>',
      '--label-field <name>',
      '--activate',
      '--version <version>',
      '--models <dir>',
      '--json',
    ],
  },
  {
    name: 'evaluate',
    summary: 'measure a version, or compare two, on labelled texts',
    script: 'src/cli/evaluate.ts',
    options: [
      ...DATA_OPTIONS,
      '--model <name>',
      '--compare <name>',
      '--models <dir>',
      '--html <file>',
      '--privacy',
      '--robust',
      '--train <file>',
      '--json',
    ],
  },
  {
    name: 'classify',
    summary: 'classify texts without a service',
    script: 'src/cli/classify.ts',
    argument: '[text]',
    options: [
      '--model <name>',
      '--data <file>',
      '--text-field <name>',
      '--min-confidence <share>',
      '--explain <n>',
      '--models <dir>',
      '--json',
    ],
  },
  {
    name: 'load',
    summary: 'test the performance of a running service',
    script: 'tools/load/main.ts',
    argument: '[scenario]',
    options: [
      '--target <url>',
      '--data <file>',
      '--model <name>',
      '--token-file <file>',
      '--synthetic',
      '--timeout <time>',
      '--rate <n>',
      '--connections <n>',
      '--duration <time>',
      '--warm-up <time>',
      '--step <time>',
      '--factor <n>',
      '--max-p99 <time>',
      '--min-rps <n>',
      '--max-errors <n>',
      '--min-accuracy <n>',
      '--max-recovery <time>',
      '--baseline <file>',
      '--metrics <url>',
      '--out <dir>',
    ],
  },
];
