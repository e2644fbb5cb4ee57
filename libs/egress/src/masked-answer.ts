/**
 * What of an answer is kept holds no secret. A receiver may say what it was asked with, by an error page that prints the
 * request or on purpose: the endpoint's signing secrets, the signature and the values of its URL's query are overwritten
 * with as many asterisks, so that the length of the body stays what it was. Headers that by their name hold a secret of the
 * receiver's are not kept at all. Not seen: a secret inside a compressed body, or written in another way than below.
 */
import type { HttpAnswer, HttpRequest } from './exchange.js';

/** Of a request, what its answer must not say: these, `webhook-signature`, and the values in the query of its path. */
export type RequestSecrets = Pick<HttpRequest, 'path' | 'headers' | 'secrets'>;

type AnsweredHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Names as receivers and the proxies before them give to what lets one in: better one header too many than one secret. */
const secretName =
  /cookie|token|secret|passw|credential|api-?key|signature|session|jwt|bearer|auth(?!or(?:s|ity)?(?:-|$))/;
/** These hold a URL. */
const urlNames: ReadonlySet<string> = new Set(['location', 'content-location', 'refresh', 'link']);
/** Characters of one header value that are kept. */
const headerCharsMax = 1_024;
/** A shorter value of a query is nobody's secret, and would be found everywhere: `?v=1`. */
const queryCharsMin = 8;
/** The bytes of a key: nothing shorter holds a key or a signature. */
const keyCharsMin = 24;
/** So much of a secret may stand where a body was cut. */
const tailCharsMin = 8;

/** Headers with lower-case names; secrets masked, values shortened. */
export function keptHeaders(headers: AnsweredHeaders): Readonly<Record<string, string>> {
  const entries = Object.entries(headers).map(([given, value]) => {
    const name = given.toLowerCase();
    if (secretName.test(name)) return [name, '[masked]'];
    const text = Array.isArray(value) ? value.join(', ') : (value ?? '');
    return [name, (urlNames.has(name) ? withoutUrlSecrets(text) : text).slice(0, headerCharsMax)];
  });
  return Object.fromEntries(entries);
}

/** The values of queries, fragments and what stands before an @ in a URL's place. */
function withoutUrlSecrets(text: string): string {
  return text
    .replaceAll(/\/\/[^/@\s]*@/g, '//***@')
    .replaceAll(/([?&][^=?&#\s>]*=)[^&#\s>]*/g, '$1***')
    .replaceAll(/#[^\s>]*/g, '#***');
}

/** The answer without what it says of its request's secrets. */
export function maskedAnswer(answer: HttpAnswer, request: RequestSecrets): HttpAnswer {
  const { headers, body, bytes, cut } = answer;
  const isCut = cut !== null || bytes > body.length;
  const charsMin = isCut || request.path.includes('?') ? queryCharsMin : keyCharsMin;
  const isLong = ({ length }: { readonly length: number }) => length >= charsMin;
  if (!isLong(body) && !Object.values(headers).some(isLong)) return answer;
  const text = body.toString('latin1');
  if (!isCut && !mayHoldSecret([text, ...Object.values(headers)], request)) return answer;
  const secrets = secretTexts(request);
  const masked = (text: string, isEndCut: boolean) =>
    secrets.reduce((left, secret) => overwritten(left, secret, isEndCut), text);
  const kept = masked(text, isCut);
  return {
    ...answer,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, masked(value, value.length === headerCharsMax)]),
    ),
    body: kept === text ? body : Buffer.from(kept, 'latin1'),
  };
}

/**
 * Whether a look for all forms of all secrets is worth its while, which costs more than reading the answer: a mark stands in
 * every form of its secret. Of a whole answer only; where it was cut, a secret's beginning may stand without its mark.
 */
function mayHoldSecret(texts: readonly string[], { path, headers, secrets }: RequestSecrets): boolean {
  if (path.includes('?') || texts.some(({ length }) => length === headerCharsMax)) return true;
  const isSeen = (mark: string) => texts.some((text) => text.length >= mark.length && text.includes(mark));
  return (
    secrets.some((secret) => textsOfKey(secret.reveal()).some(isSeen)) ||
    signaturesOf(headers).some((signature) => {
      const mark = markOf(signature);
      return mark.length < tailCharsMin || isSeen(mark);
    })
  );
}

/** Of base64: its longest run of what is written alike everywhere. */
function markOf(base64: string): string {
  return base64.split(/[^A-Za-z0-9]/).reduce((longest, run) => (run.length > longest.length ? run : longest), '');
}

/** By key, which is one object for as long as the registry knows it. */
const textsOfKeys = new WeakMap<Buffer, readonly string[]>();

function textsOfKey(key: Buffer): readonly string[] {
  const known = textsOfKeys.get(key);
  if (known !== undefined) return known;
  const base64 = writtenForms(unpadded(key.toString('base64')));
  const texts = [...base64, key.toString('base64url'), key.toString('hex'), key.toString('latin1')];
  textsOfKeys.set(key, texts);
  return texts;
}

/** As a text of bytes, one character each; longest first, for one may hold another. */
function secretTexts({ path, headers, secrets }: RequestSecrets): readonly string[] {
  const signatures = signaturesOf(headers).flatMap(writtenForms);
  const [, query = ''] = /\?([^#]*)/.exec(path) ?? [];
  const raw = query.split('&').map((pair) => pair.slice(pair.indexOf('=') + 1));
  const values = [...raw, ...new URLSearchParams(query).values()]
    .filter(({ length }) => length >= queryCharsMin)
    .flatMap(writtenForms);
  return [...new Set([...secrets.flatMap((secret) => textsOfKey(secret.reveal())), ...signatures, ...values])].toSorted(
    (a, b) => b.length - a.length,
  );
}

function signaturesOf(headers: RequestSecrets['headers']): readonly string[] {
  const given = (headers['webhook-signature'] ?? '').split(' ');
  return given.map((one) => unpadded(one.replace(/^v\d\w*,/, '')));
}

/** As it is, in JSON as PHP writes it, and in a URL. */
function writtenForms(text: string): readonly string[] {
  return [text, text.replaceAll('/', '\\/'), encodeURIComponent(text)].map((form) =>
    Buffer.from(form).toString('latin1'),
  );
}

function unpadded(base64: string): string {
  return base64.replace(/=+$/, '');
}

/** Wherever the secret stands, also where the text was cut within it. */
function overwritten(text: string, secret: string, isCut: boolean): string {
  const without = text.includes(secret) ? text.replaceAll(secret, '*'.repeat(secret.length)) : text;
  if (!isCut) return without;
  for (let length = Math.min(secret.length - 1, text.length); length >= tailCharsMin; length--)
    if (without.endsWith(secret.slice(0, length))) return `${without.slice(0, -length)}${'*'.repeat(length)}`;
  return without;
}
