/** The parts of nunjucks 3.2.4 that are used: its lexer and its parser. Its compiler and its runtime never are. */
declare module 'nunjucks/src/lexer.js' {
  export interface Token {
    readonly type: string;
    readonly value: string;
    readonly lineno: number;
    readonly colno: number;
  }
  export interface Tokenizer {
    readonly tags: Readonly<
      Record<'BLOCK_START' | 'VARIABLE_START' | 'COMMENT_START' | 'VARIABLE_END' | 'COMMENT_END', string>
    >;
  }
  const lexer: {
    lex(source: string, options: object): Tokenizer;
    readonly TOKEN_DATA: string;
    readonly TOKEN_BLOCK_START: string;
    readonly TOKEN_VARIABLE_START: string;
    readonly TOKEN_COMMENT: string;
  };
  export default lexer;
}

declare module 'nunjucks/src/parser.js' {
  import type { Token, Tokenizer } from 'nunjucks/src/lexer.js';
  /** A node of the syntax tree; which fields it has depends on its type. Lines and columns are from 0. */
  export interface SyntaxNode {
    readonly typename: string;
    readonly lineno?: number;
    readonly colno?: number;
    readonly value?: unknown;
    readonly target?: SyntaxNode;
    readonly val?: SyntaxNode;
  }
  class Parser {
    constructor(tokens: Tokenizer);
    readonly tokens: Tokenizer;
    dropLeadingWhitespace: boolean;
    nextToken(): Token | null;
    peekToken(): Token | null;
    parseExpression(): SyntaxNode | null;
    advanceAfterVariableEnd(): void;
  }
  const exported: { readonly Parser: typeof Parser };
  export default exported;
}
