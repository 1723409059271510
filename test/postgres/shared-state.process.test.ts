import { expect, test, vi } from 'vitest';
import type { DatabaseAddress } from '../../src/postgres/address.ts';
import { createSharedState } from '../../src/postgres/shared-state.ts';
import { describeWithPostgres, openForTest } from '../support/with-postgres.ts';

function open(address: DatabaseAddress) {
  return createSharedState(openForTest(address));
}

describeWithPostgres('the shared state', (server) => {
  test('has documents that the holder of a lock writes, and everybody reads', async () => {
    const address = await server().newDatabase();
    const [one, other] = [open(address), open(address)];
    expect(await other.readDocument('a document')).toBeUndefined();
    const held = await one.acquire('a lock');
    await one.writeDocument(held!, 'a document', 'content\0');
    await one.writeDocument(held!, 'a document', 'other content');
    expect(await other.readDocument('a document')).toBe('other content');
    expect(await other.acquire('a lock')).toBeUndefined();
    expect(await other.acquire('another lock')).toBeDefined();
    await one.release(held!);
    await expect(one.writeDocument(held!, 'a document', 'late')).rejects.toThrow('not held');
    await vi.waitFor(async () => expect(await other.acquire('a lock')).toBeDefined(), 15_000);
  });

  test('lets nobody write who has lost the lock', async () => {
    const address = await server().newDatabase();
    const { acquire, writeDocument, readDocument } = open(address);
    const held = await acquire('a lock');
    await server().sql(address, 'SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = $$advisory$$');
    await expect(writeDocument(held!, 'a document', 'content')).rejects.toThrow();
    await vi.waitFor(async () => expect(await readDocument('a document')).toBeUndefined(), 15_000);
  });
});
