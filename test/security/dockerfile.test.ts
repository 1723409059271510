import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

// hadolint is a download from GitHub, which the registries do not have. These are its rules that fit this project.

const PROJECT = join(import.meta.dirname, '../..');
const text = (path: string) => readFileSync(join(PROJECT, path), 'utf8');
const compose = z
  .object({ services: z.record(z.string(), z.object({ build: z.unknown().optional() })) })
  .parse(parse(text('docker-compose.yml'), { merge: true }));
const inline = z.object({ dockerfile_inline: z.string() });

const files: [string, string][] = [
  ['Dockerfile', text('Dockerfile')],
  ...Object.entries(compose.services).flatMap(([name, { build }]): [string, string][] => {
    const { success, data } = inline.safeParse(build);
    return success ? [[`the build of ${name}`, data.dockerfile_inline]] : [];
  }),
];

interface Instruction {
  readonly name: string;
  readonly value: string;
}

function instructionsOf(file: string): Instruction[] {
  return file
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', value = ''] = /^(\w+)\s+(.*)$/.exec(line.trim()) ?? [];
      return { name: name.toUpperCase(), value: value.trim() };
    });
}

/** Returns the broken rules, with hadolint's names of them. */
function lint(file: string): string[] {
  const instructions = instructionsOf(file);
  const stages = new Set(
    instructions.flatMap(({ name, value }) => (name === 'FROM' ? (/ AS (\S+)$/i.exec(value)?.[1] ?? []) : [])),
  );
  const lastStage = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
  const user = lastStage.findLast(({ name }) => name === 'USER')?.value;
  const images = instructions.flatMap(({ name, value }) => {
    const from = IMAGE_IN[name]?.exec(value)?.[1];
    return from !== undefined && !stages.has(from) ? [from] : [];
  });
  const runs = instructions.filter(({ name }) => name === 'RUN').map(({ value }) => value);
  const has = (name: string, pattern: RegExp) =>
    instructions.some((one) => one.name === name && pattern.test(one.value));
  const broken: readonly (readonly [string, boolean])[] = [
    ['DL1000 unknown instruction', instructions.some(({ name }) => !INSTRUCTIONS.has(name))],
    [
      'DL3006, DL3007 pin the version of an image',
      images.some((image) => !/:v?\d+\.\d+\.\d+(?:-[\w.-]+)?(?:@sha256:[0-9a-f]{64})?$/.test(image)),
    ],
    ['DL3000 absolute WORKDIR', has('WORKDIR', /^[^/]/)],
    ['DL3002 the last user is not root, and has a number', user === undefined || !/^[1-9]\d*:[1-9]\d*$/.test(user)],
    ['DL3003 use WORKDIR', runs.some((run) => /(?:^|&& )cd /.test(run))],
    ['DL3004 no sudo', runs.some((run) => /\bsudo\b/.test(run))],
    ['DL3008, DL3018 pin packages of the system', runs.some((run) => /\bapt(?:-get)? install\b|\bapk add\b/.test(run))],
    [
      'DL3016 packages of npm come from the lockfile',
      runs.some((run) => /\bnpm (?:i|install|add)\b|\bnpx\b/.test(run)),
    ],
    ['DL3020 COPY instead of ADD', has('ADD', /./)],
    ['DL3025 CMD and ENTRYPOINT as JSON', has('CMD', /^[^[]/) || has('ENTRYPOINT', /^[^[]/)],
    ['DL4000 no MAINTAINER', has('MAINTAINER', /./)],
    ['no secret in the image', has('ENV', /TOKEN|PASSWORD|SECRET|_KEY/i) || has('ARG', /TOKEN|PASSWORD|SECRET|_KEY/i)],
    ['no script of a package runs', runs.some((run) => /\bnpm ci\b/.test(run) && !run.includes('--ignore-scripts'))],
    ['no download', runs.some((run) => /\b(?:curl|wget) +(?:-|http)/.test(run))],
  ];
  return broken.filter(([, isBroken]) => isBroken).map(([rule]) => rule);
}

/** The places of an image, or of an earlier stage, in instructions. */
const IMAGE_IN: Readonly<Record<string, RegExp>> = { FROM: /^(\S+)/, COPY: /--from=(\S+)/ };

const INSTRUCTIONS = new Set(
  'FROM RUN CMD LABEL EXPOSE ENV COPY ENTRYPOINT VOLUME USER WORKDIR ARG ONBUILD STOPSIGNAL HEALTHCHECK SHELL ADD MAINTAINER'.split(
    ' ',
  ),
);

test.each(files)('%s keeps the rules', (_name, file) => {
  expect(lint(file)).toEqual([]);
});

test('the image has a health check', () => {
  expect(instructionsOf(text('Dockerfile')).some(({ name }) => name === 'HEALTHCHECK')).toBe(true);
});

describe('the rules', () => {
  const good = 'FROM busybox:1.37.0-musl\nUSER 1000:1000\n';

  test.each([
    ['DL3006', 'FROM busybox\nUSER 1000:1000\n'],
    ['DL3006', 'FROM busybox:latest\nUSER 1000:1000\n'],
    ['DL3006', `${good}COPY --from=otel/collector /a /a\n`],
    ['DL3006', 'FROM busybox:1.37.0-musl AS base\nFROM bases\nUSER 1000:1000\n'],
    ['DL3000', `${good}WORKDIR app\n`],
    ['DL3002', 'FROM busybox:1.37.0-musl\n'],
    ['DL3002', `${good}USER root\n`],
    ['DL3003', `${good}RUN true && cd /tmp && ls\n`],
    ['DL3004', `${good}RUN sudo true\n`],
    ['DL3008', `${good}RUN apt-get install curl\n`],
    ['DL3016', `${good}RUN npm install koa\n`],
    ['DL3020', `${good}ADD https://example.org/a /a\n`],
    ['DL3025', `${good}CMD node src/main.ts\n`],
    ['DL4000', `${good}MAINTAINER me\n`],
    ['DL1000', `${good}RUNS true\n`],
    ['no secret', `${good}ENV API_TOKENS=secret\n`],
    ['no script', `${good}RUN npm ci\n`],
    ['no download', `${good}RUN wget https://example.org/a\n`],
  ])('find %s in %j', (rule, file) => {
    expect(lint(file)).toEqual([expect.stringContaining(rule)]);
  });

  test('pass a good file', () => {
    expect(lint(good)).toEqual([]);
    expect(lint('FROM busybox:1.37.0-musl AS base\nFROM base\nUSER 1000:1000\n')).toEqual([]);
  });
});
