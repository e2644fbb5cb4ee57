import { readFileSync, writeFileSync } from 'node:fs';
import { generatedParts, withGeneratedPart } from './generated-parts.js';

/** `npm run docs`, from the repository's top: writes every generated part of the pages again. */
for (const part of generatedParts) {
  const text = readFileSync(part.page, 'utf8');
  const fresh = withGeneratedPart(text, part);
  if (fresh === text) continue;
  writeFileSync(part.page, fresh);
  process.stdout.write(`${part.page}: ${part.name} written\n`);
}
