import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSmallVersion } from '../../../models/small-models.ts';
import type { World } from '../world.ts';
import { type Fault, pause, withEffects } from './fault.ts';

let lastVersion = 1_000;

/** The faults of the models folder, and changes of it while requests are served. */
export const MODEL_FAULTS: readonly Fault[] = [
  {
    name: 'versions come and go',
    group: 'models',
    async run({ folders, requests, service }, random) {
      lastVersion += 1;
      const version = String(lastVersion);
      const written = await writeSmallVersion(folders.models, 'spam', version).then(
        () => true,
        () => false,
      );
      if (!written) return;
      for (const [action, body] of [
        ['shadow', { version }],
        ['canary', { version, share: 0.3 }],
        ['canary', { version: null }],
        ['shadow', { version: null }],
      ] as const) {
        await pause(random, 100, 900);
        await requests.send('POST', `${service.url}/models/spam/${action}`, body);
      }
      await rm(join(folders.models, 'spam', version), { recursive: true, force: true });
    },
  },
  {
    name: 'weights are damaged',
    group: 'models',
    run: (world, random) => damageFile(world, `spam/${random.pick(['1', '2', '3'])}/weights.bin`, random),
  },
  {
    name: 'a manifest is damaged',
    group: 'models',
    run: (world, random) => damageFile(world, `spam/${random.pick(['1', '2', '3'])}/manifest.json`, random),
  },
  {
    name: 'a version of garbage',
    group: 'models',
    async run({ folders }, random) {
      const folder = join(folders.models, 'spam', '999');
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'manifest.json'), '{"format":1,"name":"spam","version":"999","labels":["a","a"]}');
      execFileSync('mkfifo', [join(folder, 'weights.bin')]);
      await pause(random, 1_000, 3_000);
      await rm(folder, { recursive: true, force: true });
    },
  },
  {
    name: 'roles.json is damaged',
    group: 'models',
    async run({ folders }, random) {
      const file = join(folders.models, 'spam/roles.json');
      const before = await readFile(file, 'utf8').catch(() => undefined);
      if (before === undefined) return;
      const garbage = before.slice(0, before.length / 2);
      await writeFile(file, garbage);
      await pause(random, 1_000, 3_000);
      // A change of roles has replaced the damaged file, or this repairs it.
      if ((await readFile(file, 'utf8').catch(() => '')) === garbage) await writeFile(file, before);
    },
  },
  {
    name: 'policy.json is damaged',
    group: 'models',
    run: (world, random) => damageFile(world, 'spam/policy.json', random),
  },
  {
    name: 'audit.jsonl has half a row',
    group: 'models',
    async run({ folders }) {
      await appendFile(join(folders.models, 'spam/audit.jsonl'), '{"revision":7,"at":1,"act').catch(() => {});
    },
  },
];

/** Damages a file for a time. The service keeps what it has loaded. */
function damageFile(world: World, name: string, random: Parameters<Fault['run']>[1]): Promise<void> {
  return withEffects(world, `${name} is damaged`, [], async () => {
    const file = join(world.folders.models, name);
    const before = await readFile(file);
    await writeFile(file, random.pick([before.subarray(0, before.length / 2), Buffer.alloc(before.length, 0xff), '']));
    await pause(random, 1_000, 3_000);
    await writeFile(file, before);
  });
}
