import { readdir, readFile, stat } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { serve } from '../http/in-process.ts';
import { hamMail, mail, sendMail, startTestGateway } from './in-process.ts';

const refusal = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode });

/** A next mail server that refuses some recipients, and messages that contain REFUSEME or LATER. */
async function startNextServer(options: SMTPServerOptions = {}) {
  const received: { to: string[]; message: string; params: unknown }[] = [];
  const next = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    onMailFrom: ({ address }, _session, done) =>
      done(address === 'bad@x.test' ? refusal(553, 'this sender is not allowed') : null),
    onRcptTo: ({ address }, _session, done) => {
      if (address.startsWith('gone')) done(refusal(550, 'no such user'));
      else done(address.startsWith('later') ? refusal(452, 'mailbox full') : null);
    },
    onData: async (stream, { envelope }, done) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of stream as AsyncIterable<Uint8Array>) chunks.push(chunk);
      const message = Buffer.concat(chunks).toString('latin1');
      if (message.includes('REFUSEME')) return done(refusal(554, 'this is spam'));
      if (message.includes('LATER')) return done(refusal(421, 'try later'));
      const { smtpUtf8, bodyType } = envelope;
      received.push({ to: envelope.rcptTo.map(({ address }) => address), message, params: { smtpUtf8, bodyType } });
      done();
    },
    ...options,
  });
  const server = next.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => next.close());
  const address = server.address();
  return { url: `smtp://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`, received };
}

async function startGatewayBefore(next: { url: string }) {
  const service = await serve();
  return startTestGateway({ WAYMARK_URL: service.url, GATEWAY_DELIVER_TO: next.url });
}

/** Sends a message, and returns what the sender learns about each recipient. */
async function send(smtpUrl: string, to: string[], raw: string | Buffer = hamMail, from = 'a@x.test') {
  const { hostname, port } = new URL(smtpUrl);
  const transport = createTransport({ host: hostname, port: Number(port), ignoreTLS: true });
  try {
    const { accepted, rejected, rejectedErrors } = await transport.sendMail({ envelope: { from, to }, raw });
    return { accepted, rejected, codes: (rejectedErrors ?? []).map(({ responseCode }) => responseCode) };
  } finally {
    transport.close();
  }
}

describe('refusals of the next mail server reach the sender:', () => {
  test.each([
    ['a recipient that is refused for good', ['gone@x.test'], hamMail, 550],
    ['a recipient that may be accepted later', ['later@x.test'], hamMail, 451],
    ['a message that is refused for good', ['ok@x.test'], mail('x', 'REFUSEME'), 554],
    ['a message that may be accepted later', ['ok@x.test'], mail('x', 'LATER'), 451],
  ])('%s', async (_, to, raw, code) => {
    const next = await startNextServer();
    const { smtpUrl } = await startGatewayBefore(next);
    await expect(send(smtpUrl, to, raw)).rejects.toMatchObject({ responseCode: code });
    expect(next.received).toEqual([]);
  });

  test('a sender that is refused for good', async () => {
    const { smtpUrl } = await startGatewayBefore(await startNextServer());
    const sending = send(smtpUrl, ['ok@x.test'], hamMail, 'bad@x.test');
    await expect(sending).rejects.toMatchObject({
      responseCode: 550,
      response: expect.stringContaining('not allowed'),
    });
  });

  test.each([
    ['gone@x.test', 550],
    ['later@x.test', 451],
  ])('of two recipients, only %s; the other one gets the message', async (refused, code) => {
    const next = await startNextServer();
    const { smtpUrl, lines } = await startGatewayBefore(next);
    expect(await send(smtpUrl, ['ok@x.test', refused])).toEqual({
      accepted: ['ok@x.test'],
      rejected: [refused],
      codes: [code],
    });
    expect(next.received.map(({ to }) => to)).toEqual([['ok@x.test']]);
    const record = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === 'recipient refused');
    expect(record).toMatchObject({
      'mail_gateway.refused.kind': code === 550 ? 'permanent' : 'temporary',
      'mail_gateway.refused.recipients': 1,
    });
    expect(lines.join()).not.toContain(refused);
  });
});

test('a next server that is away costs no mail, and is used again when it is back', async () => {
  const port = await freePort();
  const { smtpUrl } = await startGatewayBefore({ url: `smtp://127.0.0.1:${port}` });
  await expect(send(smtpUrl, ['ok@x.test'])).rejects.toMatchObject({ responseCode: 451 });
  const next = await startNextServer();
  const { smtpUrl: second } = await startGatewayBefore(next);
  expect(await send(second, ['ok@x.test'], hamMail, '')).toMatchObject({ accepted: ['ok@x.test'] });
});

test('two messages of one session arrive', async () => {
  const next = await startNextServer();
  const { smtpUrl } = await startGatewayBefore(next);
  const { hostname, port } = new URL(smtpUrl);
  const transport = createTransport({
    host: hostname,
    port: Number(port),
    ignoreTLS: true,
    pool: true,
    maxConnections: 1,
  });
  for (const to of ['one@x.test', 'two@x.test']) {
    await transport.sendMail({ envelope: { from: 'a@x.test', to }, raw: hamMail });
  }
  transport.close();
  expect(next.received.map(({ to }) => to)).toEqual([['one@x.test'], ['two@x.test']]);
});

test('a message arrives as lines of CRLF, with its dots and bytes beyond ASCII', async () => {
  const next = await startNextServer();
  const { smtpUrl } = await startGatewayBefore(next);
  await send(smtpUrl, ['ok@x.test'], Buffer.from('A: 1\r\n\r\n.\r\n..a\r\n\xe4\r\nend', 'latin1'));
  expect(next.received[0]!.message.endsWith('A: 1\r\n\r\n.\r\n..a\r\n\xe4\r\nend\r\n')).toBe(true);
});

test('forged fields behind a bare CR do not arrive', async () => {
  const next = await startNextServer();
  const { smtpUrl } = await startGatewayBefore(next);
  const forged = 'Subject: win money now\rX-Spam-Flag: NO\rX-Waymark-Prediction-Id: FORGED\r\n\r\nCongratulations\r\n';
  await send(smtpUrl, ['ok@x.test'], forged);
  expect(next.received[0]!.message).not.toContain('FORGED');
  expect(next.received[0]!.message.match(/X-Spam-Flag/g)).toHaveLength(1);
});

describe('SMTPUTF8', () => {
  const ehlo = async (smtpUrl: string) => {
    const { hostname, port } = new URL(smtpUrl);
    const socket = connect(Number(port), hostname).setEncoding('utf8');
    let text = '';
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (chunk.startsWith('220')) socket.write('EHLO x.test\r\n');
      if (/^250 /m.test(chunk)) socket.end('QUIT\r\n');
    });
    await new Promise((resolve) => socket.once('close', resolve));
    return text;
  };

  test('is offered if the next server has it', async () => {
    const { smtpUrl } = await startGatewayBefore(await startNextServer());
    await vi.waitFor(async () => expect(await ehlo(smtpUrl)).toContain('SMTPUTF8'), { timeout: 5_000 });
  });

  test('is not offered, and refused, if the next server does not have it', async () => {
    const { smtpUrl } = await startGatewayBefore(await startNextServer({ hideSMTPUTF8: true }));
    await send(smtpUrl, ['ok@x.test']);
    expect(await ehlo(smtpUrl)).not.toContain('SMTPUTF8');
  });

  test('reaches the next server with the message', async () => {
    const next = await startNextServer();
    const { smtpUrl } = await startGatewayBefore(next);
    await send(smtpUrl, ['ok@x.test']);
    await send(smtpUrl, ['grüße@x.test']);
    expect(next.received[1]).toMatchObject({ to: ['grüße@x.test'], params: { smtpUtf8: true } });
  });
});

test('mail in a Maildir can be read by its user alone', async () => {
  const { smtpUrl, folder, delivered } = await startTestGateway({
    WAYMARK_URL: 'http://127.0.0.1:1',
    GATEWAY_DEADLINE_MS: '100',
  });
  await sendMail(smtpUrl, hamMail);
  expect(await delivered()).toHaveLength(1);
  expect((await stat(join(folder, 'new'))).mode & 0o777).toBe(0o700);
  const [name] = await readdir(join(folder, 'new'));
  expect((await stat(join(folder, 'new', name!))).mode & 0o777).toBe(0o600);
  expect(await readFile(join(folder, 'new', name!), 'utf8')).toContain('X-Spam-Checked: No');
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
