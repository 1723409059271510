import { type ContenderName, contenderTitles } from './contender.ts';
import { checkGoals, maxSpeedUpOfTwoCores } from './goals.ts';
import type { Measurement } from './measure.ts';
import { type Outcome, summarize } from './outcome.ts';

/** The conditions of the measurement. */
export interface Conditions {
  readonly rounds: number;
  readonly seconds: number;
  readonly mails: number;
  readonly charactersPerMail: number;
  readonly machine: string;
  readonly notes: readonly string[];
}

/** Returns the report in Markdown: the method, the table of all contenders, and the goals. */
export function report(outcomes: readonly Outcome[], conditions: Conditions): string {
  const summaries = new Map<ContenderName, Measurement>();
  for (const outcome of outcomes) {
    const summary = summarize(outcome);
    if (summary) summaries.set(outcome.name, summary);
  }
  return `# Serving: several servers on the same mails

${method(conditions)}

${table(outcomes, summaries)}

## Goals

${goals(summaries)}
`;
}

function method({ rounds, seconds, mails, charactersPerMail, machine, notes }: Conditions): string {
  return [
    'Written by `npm run bench -- serving` (`--full` runs longer). Only the ratios carry over to another machine.',
    '',
    `- Requests: ${mails} held-out mails of the SpamAssassin corpus, ${charactersPerMail} characters on average, one per request, in a cycle.`,
    `- Cores: the server runs alone on the first core with one worker; \`wrk -t1 -c16\` (closed loop) and a real Collector run on the second. With \`WORKERS=2\`, the service and \`wrk\` share both cores.`,
    `- Rounds: ${rounds} of ${seconds} s after a warm-up. Each round starts every contender once. The figures are medians.`,
    '- CPU time includes all processes and threads of the server. Memory that several processes share counts once.',
    '- "Accuracy" is measured before the rounds, one mail after the other. An answer other than 200 ends the contender.',
    '- Traced servers trace every request and export their spans in batches by OTLP. The Collector counts the spans: "spans per request" is measured one request after the other; "arrived" is the share of the expected spans that arrived under load by the end of the server.',
    '- Access logs of the peers are off. Waymark writes a log record of every prediction, to stdout and over OTLP.',
    '- Flask runs in gunicorn with one `gthread` thread, its fastest setting. MLServer runs without a separate worker process, and its requests ask for the label alone.',
    '- natural learns from 2,000 mails of the training set, since its training time grows with the square of their number.',
    ...notes.map((note) => `- ${note}`),
    `- ${machine}`,
  ].join('\n');
}

function table(outcomes: readonly Outcome[], summaries: ReadonlyMap<ContenderName, Measurement>): string {
  const waymark = summaries.get('traced');
  return [
    '| server | requests/s | Waymark traced is | p50 | p99 | CPU per request | memory | accuracy | spans per request | arrived | failed |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...outcomes.map((outcome) => row(outcome, summaries.get(outcome.name), waymark)),
  ].join('\n');
}

function row(
  { name, traced, check, failure }: Outcome,
  summary: Measurement | undefined,
  waymark: Measurement | undefined,
): string {
  const title = contenderTitles[name];
  if (!summary) return `| ${title} | not run: ${failure ?? 'no round was completed'} | | | | | | | | | |`;
  const { perSecond, p50Ms, p99Ms, cpuMicroseconds, residentMiB, spansPerRequest, failed } = summary;
  const cells = [
    failure === undefined ? title : `${title} (not completed: ${failure})`,
    perSecond.toFixed(0),
    waymark ? `${(waymark.perSecond / perSecond).toFixed(waymark.perSecond < perSecond * 10 ? 2 : 1)} ×` : '',
    `${p50Ms.toFixed(1)} ms`,
    `${p99Ms.toFixed(1)} ms`,
    `${cpuMicroseconds.toFixed(0)} µs`,
    `${residentMiB.toFixed(0)} MiB`,
    check?.accuracy === undefined ? '' : percent(check.accuracy),
    ...(traced && check
      ? [String(check.spansPerRequest), percent(Math.min(1, spansPerRequest / check.spansPerRequest))]
      : ['', '']),
    failed.toFixed(0),
  ];
  return `| ${cells.join(' | ')} |`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function goals(summaries: ReadonlyMap<ContenderName, Measurement>): string {
  const lines = checkGoals(summaries).map(({ claim, met, measured }) => {
    const verdict = met === undefined ? 'unknown' : met ? 'met' : 'not met';
    return `- ${claim}: ${measured}, **${verdict}**`;
  });
  const maxSpeedUp = maxSpeedUpOfTwoCores(summaries);
  if (maxSpeedUp !== undefined) {
    lines.push(
      `- Two cores can give at most ${maxSpeedUp.toFixed(2)} times one worker here, since \`wrk\` and the Collector use a part of the second core.`,
    );
  }
  return lines.join('\n');
}
