import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hamMail, postMail, sendMail, startTestGateway } from './in-process.ts';

const SETTINGS = { WAYMARK_URL: 'http://127.0.0.1:9', GATEWAY_DEADLINE_MS: '50' };

/** Opens an SMTP connection and sends some commands. */
async function openSmtp(smtpUrl: string, text = '') {
  const { hostname, port } = new URL(smtpUrl);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  const closed = once(socket, 'close');
  let received = '';
  socket.on('data', (data) => {
    received += data;
  });
  await once(socket, 'data');
  socket.write(text);
  return { closed, received: () => received };
}

describe('the gateway', () => {
  test('accepts mail although many SMTP clients are idle', async () => {
    const gateway = await startTestGateway({ ...SETTINGS, GATEWAY_MAX_IN_FLIGHT: '1' });
    // 16 connections for each slot: the oldest is closed for the next one.
    const idle = [];
    for (let i = 0; i < 16; i++) idle.push(await openSmtp(gateway.smtpUrl, 'EHLO x\r\nMAIL FROM:<a@example.org>\r\n'));
    expect(await sendMail(gateway.smtpUrl, hamMail)).toContain('unchecked');
    await idle[0]!.closed;
    expect(idle[0]!.received()).toContain('421');
  });

  test('closes an SMTP connection without a command', async () => {
    const gateway = await startTestGateway({ ...SETTINGS, REQUEST_TIMEOUT_MS: '300' });
    const client = await openSmtp(gateway.smtpUrl);
    await client.closed;
    expect(client.received()).toContain('421');
  });

  test('accepts mail although half-sent messages stay', async () => {
    const gateway = await startTestGateway({ ...SETTINGS, GATEWAY_MAX_IN_FLIGHT: '2' });
    const { hostname, port } = new URL(gateway.url);
    for (let i = 0; i < 8; i++) {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.on('error', () => {});
      onTestFinished(() => void socket.destroy());
      socket.write(
        'POST /messages HTTP/1.1\r\nhost: x\r\ncontent-type: message/rfc822\r\ncontent-length: 100\r\n\r\nA',
      );
      await once(socket, 'connect');
    }
    expect((await postMail(gateway.url, hamMail)).status).toBe(200);
    expect(await sendMail(gateway.smtpUrl, hamMail)).toContain('unchecked');
  });
});
