import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { urlsOf } from '../stack/components.ts';
import { wellKnownPorts } from '../stack/ports.ts';
import { type RunningComponent, start } from '../stack/processes.ts';
import { gatewayComponent, serviceComponent } from '../stack/start-command.ts';

// Runs while the image is built: compile-cache.ts FOLDER. Starts the service and the gateway once, lets them answer a request, and
// ends them. Node then writes the compiled form of their files into the folder, so that a container need not compile them.

/** Ends a program. Only a program that ends by itself writes the compiled form of its files. */
async function end({ component, exited, stop }: RunningComponent): Promise<void> {
  await stop();
  const reason = await exited;
  if (reason !== 'exit code 0') throw new Error(`${component.name}: ${reason}`);
}

async function post(url: string, type: string, body: string): Promise<void> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body });
  if (!response.ok) throw new Error(`${url} answered with ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}

const receiver = createServer((_, response) => response.end('{}'));
await once(receiver.listen(0, '127.0.0.1'), 'listening');
const { port } = receiver.address() as AddressInfo;
const settings = { NODE_COMPILE_CACHE: process.argv[2], OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
const urls = urlsOf(wellKnownPorts);
const { signal } = new AbortController();
const service = await start(serviceComponent(wellKnownPorts, settings), '/tmp/service.log', signal);
const gateway = await start(gatewayComponent(wellKnownPorts, settings), '/tmp/gateway.log', signal);
await post(`${urls.service}/predict`, 'application/json', JSON.stringify({ text: 'See you at the meeting' }));
await post(`${urls.gateway}/messages`, 'message/rfc822', 'Subject: Meeting\r\n\r\nSee you there.\r\n');
await end(gateway);
await end(service);
receiver.close();
