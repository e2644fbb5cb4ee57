import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseArguments } from './arguments.js';
import { globalFlags, nouns } from './commands.js';
import { connectionOf, isLocal } from './connection.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'hookline-cli-'));

function aFile(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function connect(flags: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const asked = parseArguments(['parked', 'list', ...flags], nouns, globalFlags);
  if (asked.kind !== 'run') throw new Error(asked.kind);
  const warnings: string[] = [];
  const stdin = (async function* () {})();
  const connection = await connectionOf(asked.given, { env, stdin }, async (text) => void warnings.push(text));
  return { ...connection, warnings };
}

describe('connectionOf', () => {
  it('speaks plaintext to this machine and TLS to any other', async () => {
    expect(await connect([])).toEqual({
      address: '127.0.0.1:50051',
      security: { kind: 'plaintext' },
      key: null,
      timeoutMs: 30_000,
      warnings: [],
    });
    const tls = { kind: 'tls', ca: null, own: null };
    expect((await connect([], { HOOKLINE_ADDR: 'admin.example.com:443' })).security).toEqual(tls);
    expect((await connect(['--addr', '127.0.0.1.example.com:1'])).security).toEqual(tls);
    expect((await connect(['--addr', '10.0.0.1:1'])).security).toEqual(tls);
  });

  it('knows the addresses that never leave the machine', () => {
    const addresses = [
      '127.0.0.1:1',
      '127.9.9.9:1',
      '[::1]:1',
      'localhost:1',
      '[::]:1',
      '0.0.0.0:1',
      'localhost.evil:1',
    ];
    expect(addresses.map(isLocal)).toEqual([true, true, true, true, false, false, false]);
  });

  it('speaks plaintext elsewhere only when told, and warns that the key can be read', async () => {
    const { security, warnings } = await connect(['--addr', 'a.example:1', '--insecure'], { HOOKLINE_KEY: 'k' });
    expect(security).toEqual({ kind: 'plaintext' });
    expect(warnings).toEqual(['the connection to a.example:1 is not encrypted: the key can be read on the way']);
  });

  it('speaks TLS to this machine when an authority is named', async () => {
    const ca = aFile('ca.pem', '-----BEGIN CERTIFICATE-----\n');
    expect((await connect(['--ca', ca])).security.kind).toBe('tls');
    expect((await connect([], { HOOKLINE_CA_FILE: ca })).security.kind).toBe('tls');
    await expect(connect(['--ca', aFile('no.pem', 'x')])).rejects.toThrow('holds no certificate');
    await expect(connect(['--ca', ca, '--insecure'])).rejects.toThrow('contradict');
  });

  it('shows a certificate when one is named with its key, and then speaks TLS', async () => {
    const cert = aFile('own.pem', '-----BEGIN CERTIFICATE-----\n');
    const key = aFile('own.key', '-----BEGIN EC PRIVATE KEY-----\n');
    const own = { cert: Buffer.from('-----BEGIN CERTIFICATE-----\n'), key: expect.any(Buffer) as unknown };
    const shown = { kind: 'tls', ca: null, own };
    expect((await connect(['--cert', cert, '--cert-key', key])).security).toEqual(shown);
    expect((await connect([], { HOOKLINE_CERT_FILE: cert, HOOKLINE_CERT_KEY_FILE: key })).security).toEqual(shown);
    await expect(connect(['--cert', cert])).rejects.toThrow('go together');
    await expect(connect([], { HOOKLINE_CERT_KEY_FILE: key })).rejects.toThrow('go together');
    await expect(connect(['--cert', key, '--cert-key', key])).rejects.toThrow('holds no certificate');
    await expect(connect(['--cert', cert, '--cert-key', cert])).rejects.toThrow('holds no key');
    await expect(connect(['--cert', cert, '--cert-key', key, '--insecure'])).rejects.toThrow('contradict');
  });

  it('reads the key from a variable or a file, not from both', async () => {
    const file = aFile('key', 'wh_live_1\n');
    expect((await connect([], { HOOKLINE_KEY_FILE: file })).key).toBe('wh_live_1');
    expect((await connect([], { HOOKLINE_KEY: 'a', HOOKLINE_KEY_FILE: '' })).key).toBe('a');
    await expect(connect([], { HOOKLINE_KEY: 'a', HOOKLINE_KEY_FILE: file })).rejects.toThrow('both set');
    await expect(connect([], { HOOKLINE_KEY: 'a\nb' })).rejects.toThrow('holds no key');
    await expect(connect([], { HOOKLINE_KEY_FILE: path.join(folder, 'none') })).rejects.toThrow('no such file');
  });

  it('takes the flag before the variable', async () => {
    expect((await connect(['--addr', 'a:1'], { HOOKLINE_ADDR: 'b:2' })).address).toBe('a:1');
  });

  it.each(['nowhere', 'host:', 'host:0', 'host:70000', 'http://host:1', 'xds:///x', 'a b:1'])(
    'refuses the address %s',
    async (address) => {
      await expect(connect(['--addr', address])).rejects.toThrow('is no address');
    },
  );

  it.each(['0s', '30', '-1s', '2h', 'soon'])('refuses the time %s', async (time) => {
    await expect(connect([`--timeout=${time}`])).rejects.toThrow('is no duration');
  });
});
