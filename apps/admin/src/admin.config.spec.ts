import { describe, expect, it } from 'vitest';
import { maskedConfig, readConfig } from '#runtime/config';
import { adminConfig, hasTls } from './admin.config.js';

const least = {
  KAFKA_BROKERS: '127.0.0.1:9092',
  DATABASE_URL: 'postgres://u:pw@127.0.0.1/h',
  KEK_FILE: import.meta.filename, // any file that can be read
  BOOTSTRAP_API_KEY: 'a-key-of-twenty-four-char',
};
const read = (given: Readonly<Record<string, string>>) => readConfig(adminConfig, { ...least, ...given });

describe('the configuration of the admin', () => {
  it('serves plain text on the loopback address only, unless told otherwise', () => {
    expect(read({}).GRPC_LISTEN).toEqual({ host: '127.0.0.1', port: 50_051 });
    for (const GRPC_LISTEN of ['localhost:1', '127.9.9.9:1', '[::1]:1'])
      expect(hasTls(read({ GRPC_LISTEN }))).toBe(false);
    expect(() => read({ GRPC_LISTEN: '0.0.0.0:50051' })).toThrow(/GRPC_LISTEN: 0\.0\.0\.0 can be reached from outside/);
    expect(() => read({ GRPC_LISTEN: '127.0.0.1.evil.example:1' })).toThrow(/GRPC_LISTEN/);
    expect(hasTls(read({ GRPC_LISTEN: '0.0.0.0:50051', GRPC_TLS: 'off' }))).toBe(false);
  });

  it('wants a certificate and its key together', () => {
    const files = { GRPC_TLS_CERT_FILE: '/c', GRPC_TLS_KEY_FILE: '/k' };
    expect(hasTls(read({ GRPC_LISTEN: '0.0.0.0:50051', ...files }))).toBe(true);
    expect(hasTls(read({ GRPC_TLS: 'off', ...files }))).toBe(false);
    expect(() => read({ GRPC_TLS: 'on' })).toThrow(/GRPC_TLS_CERT_FILE/);
    expect(() => read({ GRPC_TLS_CERT_FILE: '/c' })).toThrow(/GRPC_TLS_KEY_FILE/);
    expect(() => read({ GRPC_TLS_CA_FILE: '/a' })).toThrow(/GRPC_TLS_CERT_FILE/);
  });

  it('wants a key that cannot be guessed, and prints none', () => {
    expect(() => read({ BOOTSTRAP_API_KEY: '' })).toThrow(/BOOTSTRAP_API_KEY/);
    expect(() => read({ BOOTSTRAP_API_KEY: 'short' })).toThrow(/BOOTSTRAP_API_KEY: must be 24 to 256/);
    expect(JSON.stringify(maskedConfig(adminConfig, read({})))).not.toContain(least.BOOTSTRAP_API_KEY);
  });
});
