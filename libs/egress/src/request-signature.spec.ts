import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { newSigningSecret, parseSigningSecret, signatureHeaders, signingSecretText } from './request-signature.js';

describe('signatureHeaders', () => {
  const body = Buffer.from('<a>Zoë 王</a>');

  it('are verified by standardwebhooks, also when an older secret signs along', () => {
    const [newer, older] = [newSigningSecret(), newSigningSecret()];
    const content = { id: 'msg_1', timestampS: Math.floor(Date.now() / 1_000), body };
    const headers = signatureHeaders(content, [newer, older]);
    for (const secret of [newer, older])
      expect(() =>
        new Webhook(signingSecretText(secret)).verify(body.toString(), { ...headers }, { jsonParse: false }),
      ).not.toThrow();
    const other = new Webhook(signingSecretText(newSigningSecret()));
    expect(() => other.verify(body.toString(), { ...headers }, { jsonParse: false })).toThrow();
  });

  it('equal a vector computed by hand', () => {
    const secret = parseSigningSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    const content = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestampS: 1_614_265_330,
      body: Buffer.from('{"test": 2432232314}'),
    };
    expect(signatureHeaders(content, secret === null ? [] : [secret])['webhook-signature']).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });
});

describe('parseSigningSecret', () => {
  it('takes whsec_ and base64 of 24 to 64 bytes, and prints nothing of it', () => {
    const secret = newSigningSecret();
    expect(parseSigningSecret(signingSecretText(secret))?.reveal()).toEqual(secret.reveal());
    expect(`${secret} ${JSON.stringify({ secret })}`).toBe('[secret] {"secret":"[secret]"}');
    for (const text of ['', 'whsec_', 'whsec_AAAA', `whsec_${'A'.repeat(100)}`, 'sec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])
      expect(parseSigningSecret(text)).toBeNull();
  });
});
