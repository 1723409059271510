import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { total } from '../../process/workers.ts';
import { PACE } from './pace.ts';
import { childrenOf, isReady, type Usage, usageOf, workersOf } from './processes.ts';
import type { World } from './world.ts';

/** The growth that garbage, caches and a pool of connections explain. A leak of this run would be larger. */
const MAX_GROWTH = 1.6;
const MAX_GROWTH_MB = 64;
const MAX_NEW_DESCRIPTORS = 12;
const LAST_CHILDREN_MS = 2_000 * PACE;
const SETTLE_MS = 25_000 * PACE;
const SCRAPE_TIMEOUT_MS = 5_000 * PACE;

/** Compares the counter of predictions with the answers of the clients. Requests may be in progress. */
export async function checkCounts(world: World): Promise<void> {
  const { ledger, requests, metricsUrl, gateway } = world;
  const from = ledger.now();
  const before = ledger.predictionBounds();
  const page = await fetch(metricsUrl, { signal: AbortSignal.timeout(SCRAPE_TIMEOUT_MS) }).then(
    (response) => response.text(),
    () => undefined,
  );
  // A stopped worker cannot tell its counts, and a restarted service counts from the beginning.
  if (page === undefined || ledger.allows('slow', from) || ledger.allows('refused', from)) return;
  const counted = total(page, 'classifier_predictions_total');
  // A batch of the flood has fifty texts.
  const inProgress = requests.inProgress * 50;
  const most = gateway ? Number.POSITIVE_INFINITY : ledger.predictionBounds().most + inProgress;
  if (counted < before.least) ledger.violate('answered = counted', `${counted} counted, ${before.least} answered`);
  if (counted > most) ledger.violate('counted = answered', `${counted} counted, at most ${most} answered`);
}

/** The use of resources by each kind of process. */
export type Usages = ReadonlyMap<string, Usage>;

/** Returns the most that a process of each kind uses now. */
export function measure({ service, gateway }: World): Usages {
  const usages = new Map<string, Usage>();
  const add = (kind: string, pids: readonly number[]) => {
    const all = pids.map(usageOf).filter((usage) => usage !== undefined);
    const megabytes = Math.max(...all.map((usage) => usage.megabytes));
    const descriptors = Math.max(...all.map((usage) => usage.descriptors));
    if (all.length > 0) usages.set(kind, { megabytes, descriptors });
  };
  add('service', [service.pid]);
  add('worker', workersOf(service.pid));
  if (gateway) add('gateway', [gateway.pid]);
  return usages;
}

/** Waits until memory and descriptors are back at their start. Returns the last measurement. */
export async function checkUsage(world: World, start: Usages): Promise<Usages> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const end = measure(world);
    const grown = [...end].filter(([kind, usage]) => hasGrown(start.get(kind), usage));
    if (grown.length === 0) return end;
    if (performance.now() > deadline) {
      for (const [kind, usage] of grown) {
        const [from, to] = [start.get(kind), usage].map((one) => JSON.stringify(one));
        world.ledger.violate('memory and descriptors return to their start', `${kind}: from ${from} to ${to}`);
      }
      return end;
    }
    await delay(500);
  }
}

function hasGrown(start: Usage | undefined, end: Usage): boolean {
  if (!start) return false;
  return (
    end.megabytes > start.megabytes * MAX_GROWTH + MAX_GROWTH_MB ||
    end.descriptors > start.descriptors + MAX_NEW_DESCRIPTORS
  );
}

/** Checks that nothing is reported as degraded once all faults are gone. */
export async function checkHealth({ service, ledger }: World): Promise<void> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const text = await fetch(`${service.url}/readyz`).then(
      (response) => response.text(),
      (error: Error) => error.message,
    );
    const { status, degraded = [] } = parse(text);
    if (status === 'ready' && degraded.length === 0) return;
    if (performance.now() > deadline) return ledger.violate('the system recovers as a whole', text);
    await delay(500);
  }
}

function parse(text: string): { status?: string; degraded?: unknown[] } {
  try {
    return JSON.parse(text) as { status?: string; degraded?: unknown[] };
  } catch {
    return {};
  }
}

/** Stops all processes, and checks that they end in time and leave none of their children behind. */
export async function checkEnd({ service, gateway, ledger }: World): Promise<void> {
  const children = [service.pid, ...(gateway ? [gateway.pid] : [])].flatMap(childrenOf);
  await gateway?.stop();
  await service.stop();
  const left = () => children.filter((pid) => usageOf(pid) !== undefined);
  // A training process notices the end of its service, and then ends itself.
  const deadline = performance.now() + LAST_CHILDREN_MS;
  while (left().length > 0 && performance.now() < deadline) await delay(50);
  if (left().length > 0) ledger.violate('a process leaves no other one behind', left().join(', '));
  if (await isReady(service.url)) ledger.violate('a port is closed at the end', service.url);
}

/** Checks the stored feedback, changes of roles and mails against what was acknowledged. */
export function checkStorage({ ledger, folders, gateway }: World): void {
  checkFeedback(join(folders.data, 'feedback.db'));
  checkRoles(join(folders.models, 'spam'));
  if (gateway) checkMails(join(folders.mail, 'new'));

  function checkFeedback(file: string): void {
    const database = new DatabaseSync(file);
    const rows = database.prepare('SELECT id, actual FROM feedback').all();
    const stored = new Map(rows.map((row) => [String(row['id']), String(row['actual'])]));
    const counted = Number(database.prepare('SELECT SUM(count) AS sum FROM feedback_counts').get()?.['sum'] ?? 0);
    const integrity = String(database.prepare('PRAGMA integrity_check').get()?.['integrity_check']);
    database.close();
    const lost = [...ledger.feedback].filter(([id, label]) => stored.get(id) !== label);
    if (lost.length > 0) ledger.violate('acknowledged feedback is stored', `${lost.length} of ${ledger.feedback.size}`);
    if (counted !== stored.size) ledger.violate('feedback counts once', `${stored.size} rows, counted ${counted}`);
    if (integrity !== 'ok') ledger.violate('the feedback store is whole', integrity);
  }

  function checkRoles(folder: string): void {
    const rows = readFileSync(join(folder, 'audit.jsonl'), 'utf8')
      .split('\n')
      .flatMap((line) => {
        try {
          return [JSON.parse(line) as { revision: number; reason?: string; why?: string }];
        } catch {
          return [];
        }
      });
    const times = new Map<string, number>();
    for (const { reason, why } of rows) {
      const key = reason ?? why ?? '';
      times.set(key, (times.get(key) ?? 0) + 1);
    }
    for (const reason of ledger.changed) {
      if (times.get(reason) !== 1)
        ledger.violate('an acknowledged change is in the trail once', `${reason}${times.get(reason) ?? 0} times`);
    }
    for (const reason of ledger.unchanged) {
      if (times.has(reason)) ledger.violate('a refused change has no effect', reason);
    }
    const revisions = rows.map(({ revision }) => revision).filter((revision) => revision > 0);
    const doubled = revisions.filter((revision, at) => revisions.indexOf(revision) !== at);
    if (doubled.length > 0) ledger.violate('a revision occurs once', doubled.join(', '));
  }

  function checkMails(folder: string): void {
    const times = new Map<string, number>();
    for (const name of readdirSync(folder)) {
      const token = /^Subject: (chaos-mail-\d+-)\r?$/m.exec(readFileSync(join(folder, name), 'utf8'))?.[1];
      if (token !== undefined) times.set(token, (times.get(token) ?? 0) + 1);
    }
    const lost = [...ledger.mails].filter((token) => !times.has(token));
    const doubled = [...times].filter(([, count]) => count > 1);
    if (lost.length > 0) ledger.violate('an acknowledged mail is delivered', `${lost.length} of ${ledger.mails.size}`);
    if (doubled.length > 0) ledger.violate('a mail is delivered once', JSON.stringify(doubled));
  }
}
