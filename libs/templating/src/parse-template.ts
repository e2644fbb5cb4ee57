/// <reference path="./nunjucks-internals.d.ts" />
import lexer, { type Token } from 'nunjucks/src/lexer.js';
import nunjucksParser, { type SyntaxNode } from 'nunjucks/src/parser.js';
import { type SourcePlace, TemplateError } from './template-error.js';

/** One piece of a template: text as it stands, or a placeholder's expression. */
export type TemplatePiece =
  | { readonly kind: 'text'; readonly text: string; readonly place: SourcePlace }
  | { readonly kind: 'placeholder'; readonly expression: SyntaxNode; readonly place: SourcePlace };

const sourceCharsMax = 65_536;
const piecesMax = 5_000;

/**
 * Parses a template with nunjucks' lexer and expression parser. The method that puts the pieces together is our own: it
 * trims in linear time (nunjucks' is quadratic in white space) and refuses tags. Throws TemplateError.
 */
export function parseTemplate(source: string): readonly TemplatePiece[] {
  if (source.length > sourceCharsMax) {
    const said = `the template has ${source.length} characters, at most ${sourceCharsMax}`;
    throw new TemplateError('TEMPLATE_TOO_LONG', said, { line: 1, column: 1 });
  }
  try {
    return new PieceParser(lexer.lex(source, {})).pieces();
  } catch (error) {
    throw syntaxError(error);
  }
}

/** Where a node stands; the parser leaves some without a place. */
export function placeOf(node: { readonly lineno?: number; readonly colno?: number }): SourcePlace {
  return { line: (node.lineno ?? 0) + 1, column: (node.colno ?? 0) + 1 };
}

class PieceParser extends nunjucksParser.Parser {
  pieces(): readonly TemplatePiece[] {
    const pieces: TemplatePiece[] = [];
    for (let token = this.nextToken(); token !== null; token = this.nextToken()) {
      const piece = this.piece(token);
      if (piece !== null) pieces.push(piece);
      if (pieces.length > piecesMax)
        throw new TemplateError('TEMPLATE_TOO_COMPLEX', `more than ${piecesMax} pieces`, placeOf(token));
    }
    return pieces;
  }

  private piece(token: Token): TemplatePiece | null {
    const place = placeOf(token);
    switch (token.type) {
      case lexer.TOKEN_DATA:
        return { kind: 'text', text: this.trimmed(token.value), place };
      case lexer.TOKEN_COMMENT:
        this.dropLeadingWhitespace = token.value.at(-this.tokens.tags.COMMENT_END.length - 1) === '-';
        return null;
      case lexer.TOKEN_VARIABLE_START:
        return { kind: 'placeholder', expression: this.placeholder(place), place };
      default:
        throw new TemplateError(
          'TEMPLATE_FORBIDDEN',
          'tags are not there yet',
          place,
          'write placeholders: {{ event.data.id }}',
        );
    }
  }

  private placeholder(place: SourcePlace): SyntaxNode {
    const expression = this.parseExpression();
    this.dropLeadingWhitespace = false;
    this.advanceAfterVariableEnd();
    if (expression === null)
      throw new TemplateError(
        'TEMPLATE_SYNTAX',
        'the placeholder is empty',
        place,
        'write a path: {{ event.data.id }}',
      );
    return expression;
  }

  /** `-}}` before and `{{-` behind take the white space away. */
  private trimmed(text: string): string {
    const next = this.peekToken();
    const { tags } = this.tokens;
    const isStart = next !== null && [lexer.TOKEN_VARIABLE_START, lexer.TOKEN_COMMENT].includes(next.type);
    const start = this.dropLeadingWhitespace ? text.trimStart() : text;
    this.dropLeadingWhitespace = false;
    return isStart && next.value.charAt(tags.VARIABLE_START.length) === '-' ? start.trimEnd() : start;
  }
}

function syntaxError(error: unknown): TemplateError {
  if (error instanceof TemplateError) return error;
  if (error instanceof RangeError)
    return new TemplateError('TEMPLATE_TOO_DEEP', 'the template is nested too deeply', { line: 1, column: 1 });
  const place = error instanceof Error && 'lineno' in error && 'colno' in error ? error : { lineno: 1, colno: 1 };
  const said = error instanceof Error ? (error.message.split('\n').at(-1) ?? error.message).trim() : String(error);
  return new TemplateError('TEMPLATE_SYNTAX', said, {
    line: Number(place.lineno) || 1,
    column: Number(place.colno) || 1,
  });
}
