import { createTransport } from 'nodemailer';
import { expect, test } from 'vitest';
import { clientFiles, serverFiles } from '../support/tls-files.ts';
import { hamMail, startTestGateway } from './in-process.ts';

const envelope = { from: 'a@example.org', to: ['b@example.org'] };

async function deliver(smtpUrl: string, ca: Buffer): Promise<string> {
  const { hostname, port } = new URL(smtpUrl);
  const transport = createTransport({ host: hostname, port: Number(port), requireTLS: true, tls: { ca } });
  try {
    return (await transport.sendMail({ envelope, raw: hamMail })).response;
  } finally {
    transport.close();
  }
}

test('with TLS files the SMTP port offers STARTTLS, and follows the files', { timeout: 90_000 }, async () => {
  const { settings, install, authority } = await serverFiles();
  // Certificates of clients are for the HTTP port. A mail server has none.
  const gateway = await startTestGateway({
    ...settings,
    TLS_CLIENT_CA_FILE: authority,
    WAYMARK_URL: 'http://127.0.0.1:1',
  });
  const { ca } = await clientFiles();
  expect(await deliver(gateway.smtpUrl, ca)).toMatch(/^250 /);
  await install('stranger');
  await expect
    .poll(() => deliver(gateway.smtpUrl, ca).catch((error: Error) => error.message), { timeout: 30_000, interval: 250 })
    .toMatch(/certificate|verify/i);
  await install('renewed');
  await expect
    .poll(() => deliver(gateway.smtpUrl, ca).catch((error: Error) => error.message), { timeout: 30_000, interval: 250 })
    .toMatch(/^250 /);
  expect((await gateway.delivered()).length).toBeGreaterThanOrEqual(2);
});

test('without TLS files it offers none', { timeout: 60_000 }, async () => {
  const gateway = await startTestGateway({ WAYMARK_URL: 'http://127.0.0.1:1' });
  await expect(deliver(gateway.smtpUrl, (await clientFiles()).ca)).rejects.toThrow(/STARTTLS/i);
});
