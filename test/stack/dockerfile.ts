import { execFileSync } from 'node:child_process';
import { chownSync, cpSync, globSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What a Dockerfile makes, laid out in a folder instead of an image. */
export interface Image {
  root: string;
  workdir: string;
  env: Record<string, string>;
  cmd: string[];
  healthcheck: string[];
}

/** The owner of what is copied with --chown, and whom the image's process runs as. Only root can give files away. */
export const IMAGE_USER = process.getuid?.() === 0 ? 65534 : undefined;

/** Carries out a Dockerfile's own steps in a scratch folder, with the files that .dockerignore lets through. */
export function layOut(project: string, scratch: string): Image {
  const context = join(scratch, 'context');
  for (const path of allowed(project)) cpSync(join(project, path), join(context, path), { recursive: true });

  const stages = new Map<string, Image>();
  let image: Image | undefined;
  for (const [, instruction = '', rest = ''] of instructions(readFileSync(join(project, 'Dockerfile'), 'utf8'))) {
    if (instruction === 'FROM') {
      const name = / AS (\w+)$/.exec(rest)?.[1] ?? 'final';
      image = { root: join(scratch, name), workdir: '/', env: {}, cmd: [], healthcheck: [] };
      mkdirSync(image.root);
      stages.set(name, image);
    }
    if (!image) throw new Error(`${instruction} before FROM`);
    carryOut(image, instruction, rest, context, stages);
  }
  if (!image) throw new Error('No FROM');
  return image;
}

function carryOut(image: Image, instruction: string, rest: string, context: string, stages: Map<string, Image>): void {
  const here = join(image.root, image.workdir);
  switch (instruction) {
    case 'WORKDIR':
      image.workdir = rest;
      mkdirSync(join(image.root, rest), { recursive: true });
      break;
    case 'ENV':
      for (const [, key = '', value = ''] of rest.matchAll(/(\w+)=(\S+)/g)) image.env[key] = value;
      break;
    case 'COPY':
      copy(image, rest, context, stages);
      break;
    case 'RUN':
      execFileSync('sh', ['-c', rest], {
        cwd: here,
        env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` },
        stdio: 'pipe',
      });
      break;
    case 'CMD':
      image.cmd = JSON.parse(rest);
      break;
    case 'HEALTHCHECK':
      image.healthcheck = JSON.parse(rest.slice(rest.indexOf('CMD ') + 4));
      break;
    case 'FROM':
    case 'USER':
    case 'VOLUME':
    case 'EXPOSE':
      break;
    default:
      throw new Error(`This test does not know what ${instruction} does`);
  }
}

function copy(image: Image, rest: string, context: string, stages: Map<string, Image>): void {
  const words = rest.split(/\s+/);
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  const owned = words.some((word) => word.startsWith('--chown='));
  const paths = words.filter((word) => !word.startsWith('--'));
  const source = from ? stages.get(from)?.root : context;
  const target = paths.pop();
  if (!source || !target) throw new Error(`COPY ${rest}: no such stage or no target`);
  const destination = target.startsWith('/') ? join(image.root, target) : join(image.root, image.workdir, target);
  for (const pattern of paths) {
    const found = globSync(pattern.replace(/^\//, ''), { cwd: source });
    if (found.length === 0) throw new Error(`COPY ${pattern}: not in the build context`);
    for (const path of found) {
      const isFolder = statSync(join(source, path)).isDirectory();
      const into = !isFolder && target.endsWith('/') ? join(destination, basename(path)) : destination;
      mkdirSync(dirname(into), { recursive: true });
      cpSync(join(source, path), into, { recursive: true, verbatimSymlinks: true });
    }
  }
  if (!owned || IMAGE_USER === undefined) return;
  const within = globSync('**', { cwd: destination }).map((path) => join(destination, path));
  for (const path of [destination, ...within]) chownSync(path, IMAGE_USER, IMAGE_USER);
}

function instructions(dockerfile: string): RegExpMatchArray[] {
  const joined = dockerfile.replace(/^#.*\n/gm, '').replace(/\\\n\s*/g, ' ');
  return [...joined.matchAll(/^([A-Z]+) +(.+)$/gm)];
}

function allowed(project: string): string[] {
  const lines = readFileSync(join(project, '.dockerignore'), 'utf8').split('\n').filter(Boolean);
  if (lines.shift() !== '*' || lines.some((line) => !line.startsWith('!'))) {
    throw new Error('This test reads .dockerignore as a list of what is allowed: a * and then lines with !');
  }
  return lines.flatMap((line) => globSync(line.slice(1), { cwd: project }));
}
