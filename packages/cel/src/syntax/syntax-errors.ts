import type { LexicalError, Token } from './lexer.ts';
import type { Issue, Source } from './source.ts';

export function explainSyntax(source: Source, tokens: readonly Token[], errors: readonly LexicalError[]): Issue[] {
  const issues = errors.map(({ offset, text }) => ({
    location: source.locate(offset),
    message: `Syntax error: token recognition error at: '${text}'`,
  }));
  if (issues.length === 0) {
    issues.push({ location: source.locate(tokens[0]!.start), message: 'Syntax error' });
  }
  return issues;
}
