import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ServerInterceptingCall } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { createLog } from '#telemetry/log';
import { TestAuthority } from '../../../test/support/certificates.js';
import { type AdminConfig, adminConfig } from './admin.config.js';
import { GrpcServer } from './grpc-server.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'hookline-admin-'));
const authority = new TestAuthority('us');
const [ours, other] = ['a', 'b'].map((name) => authority.issue({ name, hosts: ['localhost'] }));
const cert = aFile('cert.pem', ours?.cert);
const key = aFile('key.pem', ours?.key);

function aFile(name: string, text = ''): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

function optionsWith(files: Partial<AdminConfig>) {
  const config = adminConfig.parse({
    ...{ KAFKA_BROKERS: 'localhost:1', DATABASE_URL: 'postgres://localhost/x', KEK_FILE: key },
    ...{ BOOTSTRAP_API_KEY: 'k'.repeat(24), GRPC_LISTEN: '0.0.0.0:1' },
    ...{ GRPC_TLS_CERT_FILE: cert, GRPC_TLS_KEY_FILE: key },
    ...files,
  });
  const log = createLog({ app: 'test', level: 'error' });
  return new GrpcServer(config, (_, call) => new ServerInterceptingCall(call), log).options();
}

describe('GrpcServer', () => {
  it('takes a certificate with its key, and an authority of callers', () => {
    const ca = aFile('ca.pem', authority.cert);
    expect(optionsWith({ GRPC_TLS_CA_FILE: ca })).toMatchObject({ url: '0.0.0.0:1' });
  });

  it.each([
    ['GRPC_TLS_CERT_FILE', path.join(folder, 'none'), 'GRPC_TLS_CERT_FILE: cannot be read'],
    [
      'GRPC_TLS_CERT_FILE',
      aFile('half.pem', '-----BEGIN CERTIFICATE-----\n'),
      'GRPC_TLS_CERT_FILE: holds no certificate',
    ],
    ['GRPC_TLS_KEY_FILE', aFile('no.key', 'x'), 'GRPC_TLS_KEY_FILE: holds no key'],
    ['GRPC_TLS_KEY_FILE', aFile('other.key', other?.key), 'GRPC_TLS_KEY_FILE: is not the key of GRPC_TLS_CERT_FILE'],
    ['GRPC_TLS_CA_FILE', aFile('no-ca.pem', 'x'), 'GRPC_TLS_CA_FILE: holds no certificate'],
  ])('names %s when it cannot be used, as a wrong configuration', (name, file, said) => {
    const start = () => optionsWith({ [name]: file });
    expect(start).toThrow(said);
    expect(start).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
