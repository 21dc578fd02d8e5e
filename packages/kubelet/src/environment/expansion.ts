/**
 * Replaces `$(NAME)` in a text. `$$` stands for one dollar sign; a reference that `valueOf` does not know, or that is
 * not closed, stays as it is.
 *
 * Mirrors: third_party/forked/golang/expansion (v1.36)
 */
export function expandReferences(text: string, valueOf: (name: string) => string | undefined): string {
  let result = '';
  let at = 0;
  for (;;) {
    const dollar = text.indexOf('$', at);
    if (dollar < 0 || dollar === text.length - 1) return result + text.slice(at);
    result += text.slice(at, dollar);
    const next = text[dollar + 1];
    if (next === '$') {
      result += '$';
      at = dollar + 2;
      continue;
    }
    const end = next === '(' ? text.indexOf(')', dollar + 2) : -1;
    if (end < 0) {
      result += text.slice(dollar, dollar + 2);
      at = dollar + 2;
      continue;
    }
    const name = text.slice(dollar + 2, end);
    result += valueOf(name) ?? `$(${name})`;
    at = end + 1;
  }
}
