import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { DatabaseSync } from 'node:sqlite';

/**
 * A module to preload into a process. It kills the process, as `kill -9` does, just before the step number `KILL_AT`, or
 * before the step named `KILL_BEFORE`. With `KILL_WITHIN` it kills the process in the middle of a write. A step is an
 * operation on a file in `KILL_FOLDER`. The program is not changed for this. Each step is written to stderr as a line.
 */
const folder = process.env['KILL_FOLDER']!;
const killAt = Number(process.env['KILL_AT']);
const killBefore = process.env['KILL_BEFORE'];
const killWithin = process.env['KILL_WITHIN'] === 'true';
let steps = 0;

function step(name: string, writeHalf?: () => void): void {
  steps += 1;
  fs.writeSync(2, `${name}\n`);
  if (steps !== killAt && name !== killBefore) return;
  if (killWithin) writeHalf?.();
  process.kill(process.pid, 'SIGKILL');
}

type Method = (...args: unknown[]) => unknown;
const isInFolder = (path: unknown) => typeof path === 'string' && path.startsWith(folder);
const firstHalf = (content: unknown) => Buffer.from(String(content)).subarray(0, String(content).length / 2);

const promises = fs.promises as unknown as Record<string, Method>;
const original = { ...promises };
const handlePrototype = Object.getPrototypeOf(await fs.promises.open('/dev/null', 'r')) as Record<string, Method>;

for (const name of ['rename', 'link']) {
  promises[name] = (from, to) => {
    if (isInFolder(to)) step(`${name} ${String(to).slice(folder.length)}`);
    return original[name]!(from, to);
  };
}
promises['writeFile'] = (path, content, options) => {
  if (isInFolder(path))
    step(`write ${String(path).slice(folder.length)}`, () => fs.writeFileSync(String(path), firstHalf(content)));
  return original['writeFile']!(path, content, options);
};
promises['open'] = (path, flags, mode) => {
  if (isInFolder(path) && flags !== 'r') step(`open ${String(path).slice(folder.length)}`);
  return original['open']!(path, flags, mode);
};
for (const name of ['appendFile', 'truncate', 'sync', 'close']) {
  const method = handlePrototype[name]!;
  handlePrototype[name] = function (this: { fd: number }, ...args: unknown[]) {
    step(name, () => name === 'appendFile' && fs.writeSync(this.fd, firstHalf(args[0])));
    return method.apply(this, args);
  };
}
const exec = DatabaseSync.prototype.exec;
DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
  step('lock');
  exec.call(this, sql);
  step('locked');
};
const close = DatabaseSync.prototype.close;
DatabaseSync.prototype.close = function (this: DatabaseSync) {
  step('unlock');
  close.call(this);
};
syncBuiltinESMExports();
