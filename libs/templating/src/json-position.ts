/** Where in a JSON text a placeholder stands: a value of its own, or content of a string. */
export type JsonPosition = 'value' | 'string' | 'escape';

/** Follows the literal text of a template: outside a string, inside one, or in the middle of an escape (RFC 8259, 7). */
export class JsonScanner {
  private inString = false;
  /** Characters the escape under way still takes. */
  private escapeLeft = 0;

  feed(text: string): void {
    for (const char of text) {
      if (this.escapeLeft > 0)
        this.escapeLeft = this.escapeLeft === escapeStarted ? afterBackslash(char) : this.escapeLeft - 1;
      else if (char === '"') this.inString = !this.inString;
      else if (char === '\\' && this.inString) this.escapeLeft = escapeStarted;
    }
  }

  position(): JsonPosition {
    if (this.escapeLeft > 0) return 'escape';
    return this.inString ? 'string' : 'value';
  }
}

/** More than an escape can take: its next character says how many follow. */
const escapeStarted = 100;
const unicodeDigits = 4;

function afterBackslash(char: string): number {
  return char === 'u' ? unicodeDigits : 0;
}
