import { createHash, timingSafeEqual } from 'node:crypto';

/** A key that is known, by the SHA-256 of its text. */
export interface KnownKey {
  /** Who calls with it, as it stands in the operator log. */
  readonly principal: string;
  readonly sha256: Buffer;
}

const bearer = /^Bearer +(\S+)$/i;

/** The keys that open the API. All of them are platform keys: they belong to no tenant. */
export class ApiKeys {
  constructor(private readonly keys: readonly KnownKey[]) {}

  /** The key of `BOOTSTRAP_API_KEY`, the only one while keys cannot be made. */
  static ofBootstrap(key: string): ApiKeys {
    return new ApiKeys([{ principal: 'bootstrap', sha256: sha256(key) }]);
  }

  /** Who calls with this `authorization`; null: nobody we know. Takes the same time whatever the key is. */
  principalOf(authorization: string | undefined): string | null {
    const [, key] = bearer.exec(authorization ?? '') ?? [];
    const given = sha256(key ?? '');
    const found = this.keys.filter((known) => timingSafeEqual(known.sha256, given));
    return key === undefined ? null : (found[0]?.principal ?? null);
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
