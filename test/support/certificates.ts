import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import net from 'node:net';

/** A certificate and its key, both in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Who a certificate is for, and when it is valid. */
export interface CertificateRequest {
  /** Names and addresses; a client's certificate needs none. */
  readonly hosts?: readonly string[];
  readonly name: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

const dayMs = 86_400_000;

/** A private authority. Its certificates are made here, as no tool for them is on every machine. */
export class TestAuthority {
  readonly cert: string;
  private readonly key: KeyObject;

  constructor(private readonly name: string) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.key = privateKey;
    const isAuthority = extension(oids.basicConstraints, sequence(der(0x01, Buffer.from([0xff]))), true);
    this.cert = this.signed({ name }, publicKey, [isAuthority]);
  }

  /** Itself as a server, which no client that knows it not may believe. */
  get selfSigned(): Certificate {
    return { cert: this.cert, key: this.key.export({ type: 'pkcs8', format: 'pem' }).toString() };
  }

  issue(request: CertificateRequest): Certificate {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const hosts = request.hosts ?? [];
    const names = hosts.length === 0 ? [] : [extension(oids.subjectAltName, sequence(...hosts.map(hostName)), false)];
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { cert: this.signed(request, publicKey, names), key };
  }

  private signed(request: CertificateRequest, publicKey: KeyObject, extensions: readonly Buffer[]): string {
    const nowMs = Date.now();
    const from = request.notBefore ?? new Date(nowMs - dayMs);
    const to = request.notAfter ?? new Date(nowMs + dayMs);
    const algorithm = sequence(oids.ecdsaWithSha256);
    const body = sequence(
      der(0xa0, der(0x02, Buffer.from([2]))),
      der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
      algorithm,
      commonName(this.name),
      sequence(utcTime(from), utcTime(to)),
      commonName(request.name),
      publicKey.export({ type: 'spki', format: 'der' }),
      ...(extensions.length === 0 ? [] : [der(0xa3, sequence(...extensions))]),
    );
    const whole = sequence(body, algorithm, bits(sign('sha256', body, this.key)));
    const lines = whole.toString('base64').replace(/(.{64})(?=.)/g, '$1\n');
    return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
  }
}

/** The same key, encrypted. */
export function encryptedKey(key: string, passphrase: string): string {
  const encrypted = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase } as const;
  return createPrivateKey(key).export(encrypted).toString();
}

/** Object identifiers in DER. */
const oids = {
  ecdsaWithSha256: Buffer.from('06082a8648ce3d040302', 'hex'),
  commonName: Buffer.from('0603550403', 'hex'),
  subjectAltName: Buffer.from('0603551d11', 'hex'),
  basicConstraints: Buffer.from('0603551d13', 'hex'),
} as const;

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function bits(content: Buffer): Buffer {
  return der(0x03, Buffer.concat([Buffer.from([0]), content]));
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(oids.commonName, der(0x0c, Buffer.from(name)))));
}

function hostName(host: string): Buffer {
  return net.isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host));
}

function extension(oid: Buffer, value: Buffer, isCritical: boolean): Buffer {
  const critical = isCritical ? [der(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid, ...critical, der(0x04, value));
}

/** `YYMMDDhhmmssZ`, enough until 2049. */
function utcTime(date: Date): Buffer {
  return der(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`));
}
