import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePorts, requireFreePorts } from '../../../tools/stack/ports.ts';

test('free ports are different from each other, and free', async () => {
  const ports = await freePorts();
  expect(new Set(Object.values(ports)).size).toBe(Object.keys(ports).length);
  await expect(requireFreePorts(ports)).resolves.toBeUndefined();
});

test('a busy port is reported in one line with the component that needs it', async () => {
  const { jaegerUi } = await freePorts();
  const server = createServer().listen(jaegerUi, '127.0.0.1');
  await once(server, 'listening');
  try {
    await expect(requireFreePorts({ jaegerUi })).rejects.toThrow(
      `jaeger (ui) needs port ${jaegerUi}, which is not free (EADDRINUSE). Stop the program that uses it and try again.`,
    );
  } finally {
    server.close();
  }
});
