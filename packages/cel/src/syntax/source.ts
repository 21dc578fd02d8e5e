/** The text of an expression and where its lines begin. Offsets are of UTF-16 units; columns count code points. */
export interface Source {
  readonly text: string;
  locate(offset: number): Location;
  /** Undefined beyond the end. */
  line(number: number): string | undefined;
}

export interface Location {
  /** From 1. */
  readonly line: number;
  /** From 0, in code points. */
  readonly column: number;
}

/** What is wrong with an expression, and where. */
export interface Issue {
  readonly location: Location;
  readonly message: string;
}

const SNIPPET_LENGTH_MAX = 16_384;
const ISSUES_MAX = 100;
const WIDE_DOT = '\uff0e';
const WIDE_CARET = '\uff3e';

export function createSource(text: string): Source {
  let starts: number[] | undefined;
  const lineStarts = () => (starts ??= findLineStarts(text));
  return {
    text,
    locate(offset) {
      // A text in which there is nothing has no first column either.
      if (text === '') return { line: 1, column: -1 };
      const lines = lineStarts();
      let index = lines.length - 1;
      while (lines[index]! > offset) index--;
      return { line: index + 1, column: codePoints(text.slice(lines[index], offset)) };
    },
    line(number) {
      const lines = lineStarts();
      const start = lines[number - 1];
      if (start === undefined) return undefined;
      const next = lines[number];
      return next === undefined ? text.slice(start) : text.slice(start, next - 1);
    },
  };
}

/**
 * Issues in the order of their places, each with the line it is in and a caret below.
 *
 * Mirrors: github.com/google/cel-go/common/error.go, errors.go
 */
export function formatIssues(source: Source, issues: readonly Issue[]): string {
  const lines = sortIssues(issues)
    .slice(0, ISSUES_MAX)
    .map((issue) => formatIssue(source, issue));
  if (issues.length > ISSUES_MAX) lines.push(`${issues.length - ISSUES_MAX} more errors were truncated`);
  return lines.join('\n');
}

export function sortIssues(issues: readonly Issue[]): readonly Issue[] {
  return issues.toSorted((a, b) => a.location.line - b.location.line || a.location.column - b.location.column);
}

function formatIssue(source: Source, { location, message }: Issue): string {
  const head = `ERROR: <input>:${location.line}:${location.column + 1}: ${message}`;
  const line = source.text === '' ? undefined : source.line(location.line);
  if (line === undefined || codePoints(line) > SNIPPET_LENGTH_MAX) return head;
  const characters = Array.from(line.replaceAll('\t', ' '));
  const dots = characters.slice(0, location.column).map((character) => (isWide(character) ? WIDE_DOT : '.'));
  const caret = isWide(characters[location.column] ?? '') ? WIDE_CARET : '^';
  return `${head}\n | ${characters.join('')}\n | ${dots.join('')}${caret}`;
}

export function codePoints(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length - 1; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0xd800 && unit < 0xdc00) {
      const next = text.charCodeAt(index + 1);
      if (next >= 0xdc00 && next < 0xe000) {
        count--;
        index++;
      }
    }
  }
  return count;
}

function isWide(character: string): boolean {
  return character > '\u007f';
}

function findLineStarts(text: string): number[] {
  const starts = [0];
  for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1)) starts.push(index + 1);
  return starts;
}
