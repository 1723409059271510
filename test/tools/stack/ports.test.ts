import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePorts, requireFree } from '../../../tools/stack/ports.ts';

test('free ports are all different, and free', async () => {
  const ports = await freePorts();
  expect(new Set(Object.values(ports)).size).toBe(Object.keys(ports).length);
  await expect(requireFree(ports)).resolves.toBeUndefined();
});

test('a busy port is told in one line with the part that needs it', async () => {
  const { jaegerUi } = await freePorts();
  const server = createServer().listen(jaegerUi, '127.0.0.1');
  await once(server, 'listening');
  try {
    await expect(requireFree({ jaegerUi })).rejects.toThrow(
      `jaeger (ui) needs port ${jaegerUi}, which is not free (EADDRINUSE). Stop what uses it and try again.`,
    );
  } finally {
    server.close();
  }
});
