/**
 * What is wrong with a text that is not YAML, in the words of Go's reader, from what this one noticed and where.
 *
 * Mirrors: go.yaml.in/yaml/v2 (readerc.go, scannerc.go, parserc.go), as far as mistakes in flow style and the most
 * frequent others go
 */
export interface NoticedProblem {
  readonly reason: string;
  readonly text: string;
  /** In the text. */
  readonly position: number;
  /** From 0. */
  readonly line: number;
}

/** All but tabs and the ends of lines. */
const CONTROL = /[^\P{Cc}\t\n\r\x85]/u;

/** The message behind `yaml: `. */
export function describeYamlProblem(problem: NoticedProblem): string {
  const { reason, text, line } = problem;
  if (CONTROL.test(text)) return 'control characters are not allowed';
  if (/end of the stream within a (?:double|single) quoted scalar/.test(reason)) return unendedText(text);
  if (/end of the stream within a flow collection/.test(reason)) {
    return parsed(text.endsWith('\n') ? line : line + 1, expectedAfter(text));
  }
  if (/missed comma between flow collection entries/.test(reason)) return strayInFlow(problem);
  if (/expected the node content/.test(reason)) return parsed(line, CONTENT);
  if (/document separator is expected/.test(reason)) {
    return parsed(line, /^\s*[}\]]/.test(text) ? CONTENT : 'did not find expected key');
  }
  if (/expected ':' after a mapping key/.test(reason)) return scanned(line + 1, NO_COLON);
  if (/multiline key/.test(reason)) return scanned(line, NO_COLON);
  if (/unknown escape sequence/.test(reason)) return scanned(line, 'found unknown escape character');
  if (/bad indentation of a mapping entry/.test(reason)) {
    const before = problem.text.slice(problem.text.lastIndexOf('\n', problem.position - 1) + 1, problem.position);
    if (before.trim() === '') return parsed(line, 'did not find expected key');
    return scanned(line, 'mapping values are not allowed in this context');
  }
  if (/tab character/.test(reason)) return scanned(line, 'found a tab character that violates indentation');
  return `line ${line + 1}: ${reason}`;
}

const CONTENT = 'did not find expected node content';
const NO_COLON = "could not find expected ':'";

/** Tokens count lines from 1, what is made of them from 0; line 0 is not told. */
const scanned = (line: number, text: string): string => (line === 0 ? text : `line ${line + 1}: ${text}`);
const parsed = (line: number, text: string): string => (line === 0 ? text : `line ${line}: ${text}`);

function unendedText(text: string): string {
  return scanned(text.split('\n').length - 1, 'found unexpected end of stream');
}

/** Tokens are read ahead: a quote that nothing closes is noticed before what stands in the wrong place. */
function strayInFlow({ text, position, line }: NoticedProblem): string {
  const rest = text.slice(position);
  if (/^"(?:[^"\\]|\\.)*$/s.test(rest) || /^'[^']*$/.test(rest)) return unendedText(text);
  return parsed(line, expectedAfter(text.slice(0, position)));
}

/** What Go's parser misses behind an unfinished text in flow style. */
function expectedAfter(text: string): string {
  const open: string[] = [];
  let last = '';
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|'[^']*'|#[^\n]*|[^\s]/gs)) {
    if (token.startsWith('#')) continue;
    if (token === '{' || token === '[') open.push(token);
    else if (token === '}' || token === ']') open.pop();
    last = token;
  }
  if (last === '{' || last === '[' || last === ',' || last === ':') return CONTENT;
  return `did not find expected ',' or '${open.at(-1) === '[' ? ']' : '}'}'`;
}
