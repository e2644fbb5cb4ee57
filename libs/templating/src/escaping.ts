import { type SourcePlace, TemplateError } from './template-error.js';

/** The content of a JSON string (RFC 8259, 7), without its quotes. */
export function escapeJsonString(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Characters XML 1.0 (2.2) cannot hold at all, not even as an entity. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
const notXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** Text or attribute content of XML: numeric entities. Throws TEMPLATE_CHARACTER for what XML cannot hold. */
export function escapeXml(text: string, place: SourcePlace): string {
  const found = notXml.exec(text);
  if (found !== null) {
    const code = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    throw new TemplateError('TEMPLATE_CHARACTER', `XML 1.0 cannot hold U+${code}`, place);
  }
  return text.replace(/[&<>"'\t\n\r]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** A name or value of application/x-www-form-urlencoded; half a surrogate pair becomes U+FFFD. */
export function escapeForm(text: string): string {
  return encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8'));
}
