import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { DatabaseSync } from 'node:sqlite';

/**
 * Preloaded into a process: it is killed, as by `kill -9`, just before the n-th thing that it does to a file below a
 * folder (`KILL_FOLDER`, `KILL_AT`) or before one that is named (`KILL_BEFORE`); or in the middle of it, where it writes
 * (`KILL_WITHIN`). The program itself knows nothing of it. What it does it tells on stderr, a line each.
 */
const folder = process.env['KILL_FOLDER']!;
const at = Number(process.env['KILL_AT']);
const before = process.env['KILL_BEFORE'];
const within = process.env['KILL_WITHIN'] === 'true';
let steps = 0;

function step(what: string, halfOf?: () => void): void {
  steps += 1;
  fs.writeSync(2, `${what}\n`);
  if (steps !== at && what !== before) return;
  if (within) halfOf?.();
  process.kill(process.pid, 'SIGKILL');
}

type Method = (...args: unknown[]) => unknown;
const concerned = (path: unknown) => typeof path === 'string' && path.startsWith(folder);
const first = (content: unknown) => Buffer.from(String(content)).subarray(0, String(content).length / 2);

const promises = fs.promises as unknown as Record<string, Method>;
const original = { ...promises };
const handlePrototype = Object.getPrototypeOf(await fs.promises.open('/dev/null', 'r')) as Record<string, Method>;

promises['rename'] = (from, to) => {
  if (concerned(to)) step(`rename ${String(to).slice(folder.length)}`);
  return original['rename']!(from, to);
};
promises['writeFile'] = (path, content, options) => {
  if (concerned(path))
    step(`write ${String(path).slice(folder.length)}`, () => fs.writeFileSync(String(path), first(content)));
  return original['writeFile']!(path, content, options);
};
promises['open'] = (path, flags, mode) => {
  if (concerned(path) && flags !== 'r') step(`open ${String(path).slice(folder.length)}`);
  return original['open']!(path, flags, mode);
};
for (const name of ['appendFile', 'truncate', 'sync', 'close']) {
  const method = handlePrototype[name]!;
  handlePrototype[name] = function (this: { fd: number }, ...args: unknown[]) {
    step(name, () => name === 'appendFile' && fs.writeSync(this.fd, first(args[0])));
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
