import { chmodSync, chownSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createDataSource, type DataSource } from '#postgres/data-source';
import { startPostgres } from '../../deploy/local/start-postgres.js';
import { type Certificate, TestAuthority } from './certificates.js';
import { databaseUrlOf } from './test-database.js';
import { until } from './until.js';

/** Logs in with a password, over TLS only. */
export const passwordRole = 'hookline';
/** Logs in with a certificate of the authority. */
export const certificateRole = 'certified';

/** The launcher's own user comes in as before; everybody else only over TLS. */
const rules = `host all postgres 127.0.0.1/32 trust
hostssl all ${certificateRole} 127.0.0.1/32 cert
hostssl all all 127.0.0.1/32 scram-sha-256
`;

/** A Postgres of one test file alone that speaks TLS with a certificate of a private authority. */
export class SecuredPostgres {
  private constructor(
    /** Of the launcher's own user. */
    readonly adminUrl: string,
    readonly caFile: string,
    readonly authority: TestAuthority,
    private readonly admin: DataSource,
    private readonly dataFolder: string,
    private readonly server: { stop(): Promise<void> },
  ) {}

  static async start(): Promise<SecuredPostgres> {
    const server = await startPostgres(undefined);
    const admin = createDataSource({ url: server.address, poolMax: 1, applicationName: 'hookline.test' });
    await admin.initialize();
    const [row] = await admin.query<{ data_directory: string }[]>('SHOW data_directory');
    const authority = new TestAuthority('Hookline test authority');
    const caFile = path.join(mkdtempSync(path.join(os.tmpdir(), 'hookline-secured-')), 'ca.pem');
    writeFileSync(caFile, authority.cert);
    const folder = row?.data_directory ?? '';
    const postgres = new SecuredPostgres(server.address, caFile, authority, ...([admin, folder, server] as const));
    postgres.write('authority.pem', authority.cert);
    postgres.write('pg_hba.conf', rules);
    await admin.query(`CREATE ROLE ${passwordRole} LOGIN SUPERUSER`);
    await admin.query(`CREATE ROLE ${certificateRole} LOGIN`);
    await postgres.show(authority.issue({ name: 'postgres', hosts: ['localhost'] }));
    const settings = {
      ssl_ca_file: 'authority.pem',
      ssl_cert_file: 'server.pem',
      ssl_key_file: 'server.key',
      ssl: 'on',
    };
    for (const [name, value] of Object.entries(settings)) await admin.query(`ALTER SYSTEM SET ${name} = '${value}'`);
    await postgres.reload();
    return postgres;
  }

  /** The URL of a role, by the name the first certificate is for; `query` without its question mark. */
  urlOf(role: string, password: string, query: string, host = 'localhost'): string {
    const url = new URL(databaseUrlOf(this.adminUrl, 'postgres'));
    return `postgres://${role}:${password}@${host}:${url.port}/postgres${query === '' ? '' : `?${query}`}`;
  }

  async query<T>(sql: string): Promise<readonly T[]> {
    return this.admin.query<T[]>(sql);
  }

  /** New connections are answered with this certificate. */
  async show({ cert, key }: Certificate): Promise<void> {
    this.write('server.pem', cert);
    this.write('server.key', key);
    await this.reload();
  }

  async setPassword(password: string): Promise<void> {
    await this.query(`ALTER ROLE ${passwordRole} PASSWORD '${password}'`);
  }

  /** Ends every connection of the others. */
  async endConnections(): Promise<void> {
    await this.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> 'postgres'`);
  }

  async stop(): Promise<void> {
    await this.admin.destroy();
    await this.server.stop();
  }

  /** Resolves when the server says that it has read its files again. */
  private async reload(): Promise<void> {
    const loaded = async () => (await this.query<{ at: Date }>('SELECT pg_conf_load_time() AS at'))[0]?.at.getTime();
    const before = await loaded();
    await this.query('SELECT pg_reload_conf()');
    await until(async () => (await loaded()) !== before, { what: 'Postgres has read its files again' });
  }

  /** A key must be its reader's alone: the server runs as another user when we are root. */
  private write(name: string, text: string): void {
    const file = path.join(this.dataFolder, name);
    writeFileSync(file, text);
    const { uid, gid } = statSync(this.dataFolder);
    chownSync(file, uid, gid);
    chmodSync(file, 0o600);
  }
}
