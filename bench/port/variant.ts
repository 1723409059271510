/**
 * A server of several processes on one port, in one of the ways that decision 12 compares. Started with the name of the
 * way and the port. Each worker answers with its process id.
 */
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { serveHandedConnections } from '../../src/http/server/handed-connections.ts';
import { fork } from '../../src/process/fork.ts';
import { sendToSupervisor, supervisorConnections, type ToSupervisor } from '../../src/process/messages.ts';
import { createSharedPort } from '../../src/process/shared-port.ts';

const WORKERS = 2;
const [, , way, port] = process.argv;

if (cluster.isWorker) {
  const server = createServer((_, response) => response.end(String(process.pid)));
  if (way === 'supervisor') serveHandedConnections(server, supervisorConnections());
  else
    server.listen({
      port: Number(port),
      host: '127.0.0.1',
      ...(way === 'reuse-port' && { reusePort: true, exclusive: true }),
    });
  // As the service does: a worker ends with its supervisor.
  process.once('disconnect', () => process.exit());
  await sendToSupervisor({ kind: 'ready' });
} else {
  const shared = createSharedPort({ HOST: '127.0.0.1', PORT: Number(port) }, () => {});
  const run = async (index: number): Promise<never> => {
    for (;;) {
      const { worker, ended } = fork(index, {});
      worker.on('message', ({ kind }: ToSupervisor) => {
        if (kind === 'ready' && way === 'supervisor') void shared.open().then(() => shared.add(worker));
      });
      await ended;
      shared.remove(worker);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, (_, index) => run(index + 1)));
}
