import { type ContenderName, names } from './contender.ts';
import { judge, mostOfTwoCores } from './goals.ts';
import type { Measured } from './measure.ts';
import { type Outcome, summary } from './outcome.ts';

/** How and where it was measured. */
export interface Circumstances {
  readonly rounds: number;
  readonly seconds: number;
  readonly mails: number;
  readonly charactersPerMail: number;
  readonly machine: string;
  readonly notes: readonly string[];
}

/** The table, what it shows of what it has to show, and how it was measured, in Markdown. */
export function report(outcomes: readonly Outcome[], circumstances: Circumstances): string {
  const summaries = new Map<ContenderName, Measured>();
  for (const outcome of outcomes) {
    const one = summary(outcome);
    if (one) summaries.set(outcome.name, one);
  }
  return `# The same mails, server by server

${method(circumstances)}

${table(outcomes, summaries)}

## What it has to show

${goals(summaries)}
`;
}

function method({ rounds, seconds, mails, charactersPerMail, machine, notes }: Circumstances): string {
  return [
    'Written by `npm run bench -- serving` (`--full` takes its time). Only the ratios carry over to another machine.',
    '',
    `- ${mails} held-out mails of the SpamAssassin corpus, ${charactersPerMail} characters on average, one a request, again and again.`,
    `- The server alone on the first core with one worker; \`wrk -t1 -c16\` (closed loop) and a real Collector on the second. With \`WORKERS=2\`, service and \`wrk\` share both.`,
    `- ${rounds} rounds of ${seconds} s after a warm-up, each contender started anew once a round, in turns; medians.`,
    '- CPU time is that of all the processes and threads of the server; memory counts once what processes share.',
    '- "Right" is the share of these mails that got their label, asked one by one before; an answer other than 200 ends it.',
    '- Who traces, traces every request, and hands its spans over in batches by OTLP. Spans are counted by the Collector: those of a request when they came one by one, and under load the share of all that should have arrived by the time the server has ended.',
    '- Access logs of the peers are off; Waymark writes a record of every prediction, on stdout and over OTLP.',
    '- Flask runs in gunicorn with one `gthread` thread, the fastest of its settings; MLServer without a worker process beside its server, and asked for the label alone.',
    '- natural learns from 2,000 of the mails that the others learn from: its training takes time by the square.',
    ...notes.map((note) => `- ${note}`),
    `- ${machine}`,
  ].join('\n');
}

function table(outcomes: readonly Outcome[], summaries: ReadonlyMap<ContenderName, Measured>): string {
  const ours = summaries.get('traced');
  return [
    '| server | requests/s | Waymark traced is | p50 | p99 | CPU a request | memory | right | spans a request | arrived | failed |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...outcomes.map((outcome) => row(outcome, summaries.get(outcome.name), ours)),
  ].join('\n');
}

function row(
  { name, traced, checked, failure }: Outcome,
  one: Measured | undefined,
  ours: Measured | undefined,
): string {
  if (!one) return `| ${names[name]} | not run: ${failure ?? 'no round came to its end'} | | | | | | | | | |`;
  const cells = [
    failure === undefined ? names[name] : `${names[name]} (not to the end: ${failure})`,
    one.perSecond.toFixed(0),
    ours ? `${(ours.perSecond / one.perSecond).toFixed(ours.perSecond < one.perSecond * 10 ? 2 : 1)} ×` : '',
    `${one.p50Ms.toFixed(1)} ms`,
    `${one.p99Ms.toFixed(1)} ms`,
    `${one.cpuMicroseconds.toFixed(0)} µs`,
    `${one.residentMiB.toFixed(0)} MiB`,
    checked?.right === undefined ? '' : percent(checked.right),
    ...(traced && checked
      ? [String(checked.spansPerRequest), percent(Math.min(1, one.spansPerRequest / checked.spansPerRequest))]
      : ['', '']),
    one.failed.toFixed(0),
  ];
  return `| ${cells.join(' | ')} |`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function goals(summaries: ReadonlyMap<ContenderName, Measured>): string {
  const lines = judge(summaries).map(({ claim, met, measured }) => {
    const verdict = met === undefined ? 'not known' : met ? 'met' : 'not met';
    return `- ${claim}: ${measured}, **${verdict}**`;
  });
  const most = mostOfTwoCores(summaries);
  if (most !== undefined) {
    lines.push(
      `- Two cores can give at most ${most.toFixed(2)} times one worker here: \`wrk\` and the Collector take their share of the second.`,
    );
  }
  return lines.join('\n');
}
