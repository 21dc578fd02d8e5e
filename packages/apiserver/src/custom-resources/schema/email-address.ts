/**
 * Whether a text is one mail address, with or without a name: `a@b`, `Barry <a@b>`, `"x y"@[10.0.0.1]`.
 *
 * Mirrors: ParseAddress of Go's net/mail
 * Differs: encoded words in names are not decoded.
 */
const ATOM = String.raw`[A-Za-z0-9!#$%&'*+\-/=?^_\x60{|}~\u{80}-\u{10FFFF}]+`;
const DOT_ATOM = `${ATOM}(?:\\.${ATOM})*`;
const QUOTED = String.raw`"(?:[^"\\\r\n]|\\[\x20-\x7e\t\u{80}-\u{10FFFF}])*"`;
const DOMAIN = String.raw`(?:${DOT_ATOM}|\[[\x21-\x5a\x5e-\x7e]*\])`;
const ADDRESS = String.raw`(?:${DOT_ATOM}|${QUOTED})@${DOMAIN}`;
/** Dots in names are against the standard, but frequent. */
const NAME = String.raw`(?:(?:${QUOTED}|[A-Za-z0-9!#$%&'*+\-/=?^_\x60{|}~.\u{80}-\u{10FFFF}]+)[ \t]*)*`;
const COMMENTS = String.raw`[ \t]*(?:\([^()]*\)[ \t]*)*`;
const PATTERN = new RegExp(`^${COMMENTS}(?:${ADDRESS}|${NAME}<${ADDRESS}>)${COMMENTS}$`, 'u');
/** Longer texts are no addresses that mail knows. */
const LENGTH_MAX = 1000;

export function isEmailAddress(text: string): boolean {
  return text.length <= LENGTH_MAX && PATTERN.test(text);
}
