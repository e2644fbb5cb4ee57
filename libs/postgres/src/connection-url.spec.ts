import { describe, expect, it } from 'vitest';
import { connectionsTo } from './connection-url.js';

const base = 'postgres://u:s3cret@db.test:5432/h';

describe('connectionsTo', () => {
  it.each([
    ['sslmode=prefer', /sslmode=prefer would send plain text unseen: say verify-full/],
    ['sslmode=allow', /sslmode=allow would send plain text unseen/],
    ['sslmode=verify_full', /sslmode=verify_full is unknown/],
    ['sslmode=', /sslmode= is unknown/],
    ['ssl=yes', /ssl=yes is unknown/],
    ['uselibpqcompat=true&sslmode=require', /uselibpqcompat weakens/],
    ['sslmode=verify-ca', /verify-ca needs sslrootcert/],
    ['sslmode=verify-full&sslrootcert=/nowhere.pem', /sslrootcert cannot be read: ENOENT/],
    ['sslmode=verify-full&sslcert=/nowhere.pem', /sslcert and sslkey must be given together/],
    [`sslrootcert=${import.meta.filename}`, /sslrootcert holds no PEM/],
  ])('refuses %s, without a word of the password', (query, words) => {
    const refused = () => connectionsTo(`${base}?${query}`);
    expect(refused).toThrow(words);
    expect(refused).not.toThrow(/s3cret/);
    expect(refused).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  it.each(['pa/ss', 'pa#ss', 'pa?ss'])('refuses a URL whose password %s is not escaped', (password) => {
    const refused = () => connectionsTo(`postgres://u:${password}@db.test:5432/h`);
    expect(refused).toThrow(/DATABASE_URL: is no URL: write .* as %2F/);
    expect(refused).not.toThrow(/pa.ss/);
    expect(refused).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  it('leaves everything else of the URL to the driver, and nothing of TLS', () => {
    const url = `${base}?sslmode=verify-full&options=-c%20search_path%3Dx&application_name=a`;
    const { options, sessionOptions } = connectionsTo(url)();
    expect(options.connectionString).toBe(`${base}?application_name=a`);
    expect(sessionOptions).toBe('-c search_path=x');
    expect(options.ssl).toMatchObject({ rejectUnauthorized: true });
    expect(connectionsTo(`${base}?ssl=true`)().options).toMatchObject({ connectionString: base });
  });

  it('encrypts for every mode but disable and none, and checks for every mode but no-verify', () => {
    const sslOf = (query: string) => connectionsTo(`${base}?${query}`)().options.ssl;
    expect(sslOf('')).toBe(false);
    for (const query of ['sslmode=disable', 'ssl=false', 'ssl=0']) expect(sslOf(query)).toBe(false);
    for (const query of ['sslmode=require', 'sslmode=verify-full', 'ssl=true', 'ssl=1'])
      expect(sslOf(query)).toMatchObject({ rejectUnauthorized: true });
    expect(sslOf('sslmode=verify-full')).not.toHaveProperty('checkServerIdentity');
    expect(sslOf('sslmode=no-verify')).toMatchObject({ rejectUnauthorized: false });
  });

  it('warns of plain text to another machine, unless it is meant, and of encryption without a check', () => {
    const warningOf = (url: string) => connectionsTo(url)().warning;
    expect(warningOf(base)).toMatch(/in plain text/);
    expect(warningOf(`${base}?sslmode=no-verify`)).toMatch(/anybody may answer/);
    const quiet = [
      `${base}?sslmode=disable`,
      `${base}?sslmode=verify-full`,
      'postgres://u@127.0.0.1/h',
      'postgres://u@[::1]/h',
    ];
    for (const url of [...quiet, 'postgres://u@%2Fvar%2Frun/h']) expect(warningOf(url), url).toBeNull();
  });

  it('asks for the URL again each time, and keeps the last one that can be used', () => {
    const unescaped = 'postgres://u:pa/ss@db.test:5432/h';
    const urls = [base, `${base}?sslmode=prefer`, unescaped, `${base}2`];
    const connection = connectionsTo(() => urls.shift() ?? '');
    expect(connection().options.connectionString).toBe(base);
    expect(connection().options.connectionString).toBe(base);
    expect(connection().options.connectionString).toBe(`${base}2`);
  });
});
