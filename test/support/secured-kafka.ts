import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '../../deploy/local/local-process.js';
import { runKafkaTool, type SecuredListener, startKafka } from '../../deploy/local/start-kafka.js';
import { type Certificate, TestAuthority } from './certificates.js';

const scram = 'SCRAM-SHA-512';
/** Within this a client must log in again; kafkajs does so 10 s before. */
const loginMsMax = 14_000;
const dayMs = 86_400_000;

/** How the listeners of a secured broker are reached, each `localhost:port`. */
export interface SecuredAddresses {
  readonly plain: string;
  /** SCRAM over TLS; a login lasts until the connection ends. */
  readonly scram: string;
  /** The same; a login lasts for seconds. */
  readonly shortLogin: string;
  /** Asks for a certificate of the clients' authority. */
  readonly mutual: string;
  /** Shows a certificate that has expired. */
  readonly expired: string;
  /** Shows a certificate of another host. */
  readonly elsewhere: string;
}

/** A broker of one test file alone, with all it needs to be reached safely, and unsafely. */
export class SecuredKafka {
  private constructor(
    readonly addresses: SecuredAddresses,
    /** Signed the brokers' certificates, and those of the clients. */
    readonly authority: TestAuthority,
    readonly caFile: string,
    private readonly server: Awaited<ReturnType<typeof startKafka>>,
  ) {}

  static async start(): Promise<SecuredKafka> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'hookline-secured-'));
    const authority = new TestAuthority('Hookline test authority');
    const caFile = path.join(folder, 'ca.pem');
    writeFileSync(caFile, authority.cert);
    const store = (name: string, certificate: Certificate) => {
      const file = path.join(folder, `${name}.pem`);
      writeFileSync(file, certificate.key + certificate.cert);
      return { 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': file };
    };
    const hosts = ['localhost', '127.0.0.1'];
    const good = store('broker', authority.issue({ name: 'broker', hosts }));
    const past = { notBefore: new Date(Date.now() - 30 * dayMs), notAfter: new Date(Date.now() - dayMs) };
    const expired = store('expired', authority.issue({ name: 'broker', hosts, ...past }));
    const elsewhere = store('elsewhere', authority.issue({ name: 'broker', hosts: ['elsewhere.test'] }));
    const trust = { 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': caFile, 'ssl.client.auth': 'required' };
    const login = {
      'sasl.enabled.mechanisms': scram,
      'scram-sha-512.sasl.jaas.config': 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    };
    const short = { 'scram-sha-512.connections.max.reauth.ms': String(loginMsMax) };
    const listeners: readonly SecuredListener[] = [
      { name: 'SCRAM', protocol: 'SASL_SSL', port: await freePort(), settings: { ...good, ...login } },
      { name: 'SHORT', protocol: 'SASL_SSL', port: await freePort(), settings: { ...good, ...login, ...short } },
      { name: 'MUTUAL', protocol: 'SSL', port: await freePort(), settings: { ...good, ...trust } },
      { name: 'EXPIRED', protocol: 'SSL', port: await freePort(), settings: expired },
      { name: 'ELSEWHERE', protocol: 'SSL', port: await freePort(), settings: elsewhere },
    ];
    const server = await startKafka(undefined, (line) => process.stdout.write(`${line}\n`), { secured: listeners });
    const [scramAt = '', shortLogin = '', mutual = '', expiredAt = '', elsewhereAt = ''] = listeners.map(
      ({ port }) => `localhost:${port}`,
    );
    const addresses = { plain: server.address, scram: scramAt, shortLogin, mutual };
    return new SecuredKafka(
      { ...addresses, expired: expiredAt, elsewhere: elsewhereAt },
      ...([authority, caFile, server] as const),
    );
  }

  /** Makes the user, or gives it another password; who is logged in stays so. */
  async setPassword(user: string, password: string): Promise<void> {
    await runKafkaTool('kafka.admin.ConfigCommand', [
      ...['--bootstrap-server', this.server.address, '--alter', '--entity-type', 'users', '--entity-name', user],
      ...['--add-config', `${scram}=[password=${password}]`],
    ]);
  }

  /** Ends every connection, as an outage does, and brings the broker back. */
  async restart(): Promise<void> {
    await this.server.crash?.();
    await this.server.revive?.();
  }

  async stop(): Promise<void> {
    await this.server.stop();
  }
}
