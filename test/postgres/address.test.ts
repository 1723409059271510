import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeAddress, readAddress, requireAddress } from '../../src/postgres/address.ts';

const read = (url: string) => readAddress({ url });
const authority = join(import.meta.dirname, '../fixtures/tls/authority.pem');

describe('an address', () => {
  test('has user, password, host, port and database, which may be escaped', async () => {
    const { password, ...settings } = read('postgres://us%40er:p%2Fw@db.example.org:6432/data%20base?sslmode=disable');
    expect(settings).toEqual({
      user: 'us@er',
      host: 'db.example.org',
      port: 6_432,
      database: 'data base',
      ssl: false,
    });
    expect(await password()).toBe('p/w');
  });

  test('has defaults as psql has them', () => {
    const { username } = userInfo();
    expect(read('postgresql://')).toMatchObject({ host: 'localhost', port: 5_432, user: username, database: username });
    expect(read('postgres://[::1]/d')).toMatchObject({ host: '::1', ssl: false });
  });

  test('may be the folder of a Unix socket', () => {
    const socket = { host: '/run/postgresql', user: 'u', database: 'd', ssl: false };
    expect(read('postgres:///d?host=/run/postgresql&user=u')).toMatchObject(socket);
    expect(read('postgres://u@%2Frun%2Fpostgresql/d')).toMatchObject(socket);
  });

  test('is described without user and password', () => {
    expect(describeAddress({ url: 'postgres://u:secret@127.0.0.1:5433/d' })).toBe(
      'PostgreSQL at 127.0.0.1:5433, database d',
    );
  });
});

describe('TLS', () => {
  test('checks certificate and name of another host without being asked', () => {
    expect(read('postgres://db.example.org/d').ssl).toEqual({ servername: 'db.example.org', rejectUnauthorized: true });
  });

  test('has the modes of libpq', () => {
    const mode = (parameters: string) => read(`postgres://10.0.0.1/d?${parameters}`).ssl;
    const [host, ca] = ['10.0.0.1', expect.stringContaining('BEGIN CERTIFICATE')];
    const unnamed = { host, checkServerIdentity: expect.any(Function) };
    expect(mode('sslmode=require')).toEqual({ ...unnamed, rejectUnauthorized: false });
    expect(mode(`sslmode=require&sslrootcert=${authority}`)).toEqual({ ...unnamed, rejectUnauthorized: true, ca });
    expect(mode('sslmode=verify-ca&sslrootcert=system')).toEqual({ ...unnamed, rejectUnauthorized: true });
    expect(mode(`sslmode=verify-full&sslrootcert=${authority}`)).toEqual({ host, rejectUnauthorized: true, ca });
  });
});

test.each([
  ['postgres://u:secret@h/d?sslmode=prefer', 'DATABASE_URL: its value cannot be used: its sslmode must be one of'],
  ['postgres://u:secret@h/d?statement_timeout=1', 'its parameters are host, port'],
  ['postgres://u:secret@h/d?port=0', 'its port must be a number from 1 to 65535'],
  ['postgres://u:secret%@h/d', 'a "%" that is not part of an escape'],
  ['postgres://u:secret@h/d?sslrootcert=/nonexistent', 'its file "/nonexistent" cannot be read (ENOENT)'],
])('%s is refused without quoting its password', async (url, reason) => {
  const check = async () => {
    requireAddress({ url });
    await readAddress({ url }).password();
  };
  await expect(check()).rejects.toThrow(reason);
  await expect(check()).rejects.not.toThrow('secret');
});

test('a password file that does not exist is refused', () => {
  const address = { url: 'postgres://h/d', passwordFile: '/nonexistent' };
  expect(() => requireAddress(address)).toThrow('DATABASE_PASSWORD_FILE: "/nonexistent" cannot be used');
});
