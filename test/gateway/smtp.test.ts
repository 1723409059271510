import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { readGatewayConfig } from '../../src/gateway/config.ts';
import { startGateway } from '../../src/gateway/gateway.ts';
import { readConfig } from '../../src/platform/config.ts';
import { serve } from '../http/in-process.ts';
import { silentLog } from '../support/silent-log.ts';
import { hamMail, mail, sendMail, spamMail, startTestGateway } from './in-process.ts';

describe('a message by SMTP', () => {
  test('is marked, delivered into the Maildir, and answered with its verdict', async () => {
    const service = await serve();
    const { smtpUrl, delivered } = await startTestGateway({ WAYMARK_URL: service.url });
    expect(await sendMail(smtpUrl, spamMail)).toMatch(/^250 .*spam, score [01]\.\d{4}, trace [0-9a-f]{32}$/);
    const [message, ...others] = await delivered();
    expect(others).toEqual([]);
    expect(message).toMatch(
      /^Received: from \S+ \(\[127\.0\.0\.1\]\) by \S+ with ESMTP id [0-9a-f]{16}; .* \+0000\r\nX-Spam-Flag: YES\r\n/,
    );
    expect(message!.endsWith(spamMail)).toBe(true);
  });

  test('is delivered to the next mail server with its envelope', async () => {
    const service = await serve();
    const next = await startTestGateway({ WAYMARK_URL: service.url });
    const { smtpUrl, delivered } = await startTestGateway({
      WAYMARK_URL: service.url,
      GATEWAY_DELIVER_TO: next.smtpUrl,
    });
    expect(await sendMail(smtpUrl, hamMail, ['b@example.org', 'c@example.org'])).toMatch(/^250 .*not spam/);
    await expect(delivered()).rejects.toThrow('ENOENT');
    const [message] = await next.delivered();
    // The message passed two gateways. The second one removed the fields of the first.
    expect(message!.match(/^Received:/gm)).toHaveLength(2);
    expect(message!.match(/^X-Spam-Status:/gm)).toHaveLength(1);
    expect(message!.endsWith(hamMail)).toBe(true);
  });

  test('arrives unchanged, also lines with a single dot', async () => {
    const { smtpUrl, delivered } = await startTestGateway({
      WAYMARK_URL: 'http://127.0.0.1:1',
      GATEWAY_DEADLINE_MS: '100',
    });
    const raw = mail('dots', '.\r\n..\r\n.a\r\n\r\n.');
    await sendMail(smtpUrl, raw);
    expect((await delivered())[0]!.endsWith(raw)).toBe(true);
  });

  test('passes unchecked if the service is unreachable, and the reply says so', async () => {
    const { smtpUrl, delivered } = await startTestGateway({
      WAYMARK_URL: 'http://127.0.0.1:1',
      GATEWAY_DEADLINE_MS: '100',
    });
    expect(await sendMail(smtpUrl, spamMail)).toMatch(/^250 .*unchecked \((?:connection|deadline)\)$/);
    expect((await delivered())[0]).toMatch(/^X-Spam-Status: No, unchecked=\w+\r\nX-Spam-Checked: No\r\n/m);
  });

  test('stays with its sender if the next mail server does not accept it', async () => {
    const service = await serve();
    const { smtpUrl } = await startTestGateway({ WAYMARK_URL: service.url, GATEWAY_DELIVER_TO: 'smtp://127.0.0.1:1' });
    await expect(sendMail(smtpUrl, spamMail)).rejects.toMatchObject({ responseCode: 451 });
  });

  test('is rejected if it is too long', async () => {
    const { smtpUrl, delivered } = await startTestGateway({ GATEWAY_MAX_MESSAGE_BYTES: '1000' });
    await expect(sendMail(smtpUrl, mail('large', 'a\r\n'.repeat(1_000)))).rejects.toMatchObject({ responseCode: 552 });
    expect(await delivered()).toEqual([]);
  });
});

test('an error about a port in use names its setting', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const address = other.address();
  const port = typeof address === 'object' && address ? String(address.port) : '';
  for (const name of ['GATEWAY_SMTP_PORT', 'GATEWAY_PORT']) {
    const settings = {
      GATEWAY_PORT: '0',
      GATEWAY_SMTP_PORT: '0',
      GATEWAY_MAILDIR: '/tmp/waymark-unused',
      [name]: port,
    };
    const start = startGateway(readGatewayConfig(settings), silentLog, readConfig({}));
    await expect(start).rejects.toThrow(`${name}: ${port} is in use`);
  }
  other.close();
});
