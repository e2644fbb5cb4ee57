import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Failure } from '#domain/failure';
import { Secret } from '#domain/secret';

/** What a sealed secret belongs to; it opens nowhere else. */
export interface SecretOwner {
  readonly tenantId: string;
  readonly ownerId: string;
  readonly purpose: 'signing';
  /** From 1. */
  readonly version: number;
}

/** A secret at rest: its own data key wrapped by a key encryption key, and the ciphertext with its tag. */
export interface SealedSecret {
  readonly kekId: string;
  readonly wrappedKey: Buffer;
  readonly iv: Buffer;
  readonly ciphertext: Buffer;
}

const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;

/** Seals secrets with AES-256-GCM (NIST SP 800-38D); each has a data key of its own, bound to its owner. */
export class SecretBox {
  private constructor(
    private readonly keys: ReadonlyMap<string, Buffer>,
    private readonly activeId: string,
  ) {}

  /**
   * Reads a key file: lines `id:base64 of 32 bytes`, the first is active; a bare base64 line has the id `default`.
   * Throws CONFIG_INVALID naming the line.
   */
  static fromKeyFile(text: string): SecretBox {
    const lines = text.split('\n').map((line) => line.trim());
    const keys = lines.flatMap((line, i) => (line === '' || line.startsWith('#') ? [] : [parseKey(line, i + 1)]));
    const [active] = keys;
    if (active === undefined) throw wrongKeyFile('KEK_FILE: holds no key');
    return new SecretBox(new Map(keys.map(({ id, key }) => [id, key])), active.id);
  }

  seal(secret: Secret, owner: SecretOwner): SealedSecret {
    const dataKey = randomBytes(keyBytes);
    const iv = randomBytes(ivBytes);
    return {
      kekId: this.activeId,
      wrappedKey: encrypt(dataKey, this.keyOf(this.activeId), randomBytes(ivBytes), owner),
      iv,
      ciphertext: encrypt(secret.reveal(), dataKey, iv, owner).subarray(ivBytes),
    };
  }

  /** Throws SECRET_UNREADABLE when the key is not there or the secret belongs to somebody else. */
  open(sealed: SealedSecret, owner: SecretOwner): Secret {
    try {
      const dataKey = decrypt(sealed.wrappedKey, this.keyOf(sealed.kekId), owner);
      return new Secret(decrypt(Buffer.concat([sealed.iv, sealed.ciphertext]), dataKey, owner));
    } catch (cause) {
      const whose = `${owner.tenantId}/${owner.ownerId} version ${owner.version}`;
      const message = `the secret of ${whose} cannot be opened with the keys at hand (key ${sealed.kekId})`;
      throw new Failure('SECRET_UNREADABLE', message, { retryable: false, cause });
    }
  }

  /** A key of 32 bytes for another purpose, the same wherever the active key is (HKDF-SHA256, RFC 5869). */
  deriveKey(label: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.keyOf(this.activeId), '', label, keyBytes));
  }

  private keyOf(id: string): Buffer {
    const key = this.keys.get(id);
    if (key === undefined) throw new Failure('SECRET_UNREADABLE', `KEK_FILE has no key ${id}`, { retryable: false });
    return key;
  }
}

function parseKey(line: string, number: number): { readonly id: string; readonly key: Buffer } {
  const match = /^(?:([a-zA-Z0-9._-]{1,64}):)?([A-Za-z0-9+/]{43}=)$/.exec(line);
  const key = Buffer.from(match?.[2] ?? '', 'base64');
  if (match !== null && key.length === keyBytes) return { id: match[1] ?? 'default', key };
  throw wrongKeyFile(
    `KEK_FILE: line ${number} is not id:base64 of ${keyBytes} bytes; openssl rand -base64 ${keyBytes} makes one`,
  );
}

function wrongKeyFile(said: string): Failure {
  return new Failure('CONFIG_INVALID', `The configuration is wrong:\n  ${said}`, { retryable: false });
}

/** iv | ciphertext | tag */
function encrypt(plain: Buffer, key: Buffer, iv: Buffer, owner: SecretOwner): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(aadOf(owner));
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(sealed: Buffer, key: Buffer, owner: SecretOwner): Buffer {
  const iv = sealed.subarray(0, ivBytes);
  const decipher = createDecipheriv('aes-256-gcm', key, iv).setAAD(aadOf(owner));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  return Buffer.concat([decipher.update(sealed.subarray(ivBytes, -tagBytes)), decipher.final()]);
}

function aadOf({ tenantId, ownerId, purpose, version }: SecretOwner): Buffer {
  return Buffer.from([tenantId, ownerId, purpose, version].join('|'));
}
