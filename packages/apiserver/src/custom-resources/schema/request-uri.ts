/**
 * Whether a text may stand in the first line of an HTTP request: an absolute path or an absolute URI.
 *
 * Mirrors: ParseRequestURI of Go's net/url
 */
export function isRequestUri(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  if (text === '' || /[\x00-\x1f\x7f]/.test(text)) return false;
  if (text === '*') return true;
  const scheme = /^[a-zA-Z][a-zA-Z0-9+.-]*:/.exec(text)?.[0] ?? '';
  if (scheme === '' && text.startsWith(':')) return false;
  const rest = text.slice(scheme.length).split('?', 1)[0]!;
  if (!rest.startsWith('/')) return scheme !== '';
  if (!rest.startsWith('//') || (scheme === '' && rest.startsWith('///'))) return hasValidEscapes(rest);
  const end = rest.indexOf('/', 2);
  const [authority, path] = end < 0 ? [rest.slice(2), ''] : [rest.slice(2, end), rest.slice(end)];
  return isAuthority(authority) && hasValidEscapes(path);
}

function isAuthority(authority: string): boolean {
  const at = authority.lastIndexOf('@');
  const user = at < 0 ? '' : authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user) || !hasValidEscapes(user)) return false;
  return isHost(authority.slice(at + 1));
}

function isHost(host: string): boolean {
  if (host.startsWith('[')) {
    const end = host.lastIndexOf(']');
    if (end < 0 || !isPort(host.slice(end + 1))) return false;
    return hasHostCharacters(host.slice(0, end + 1).replace(/%25[^\]]*/, ''));
  }
  const colon = host.lastIndexOf(':');
  return (colon < 0 || isPort(host.slice(colon))) && hasHostCharacters(host);
}

function isPort(text: string): boolean {
  return text === '' || /^:[0-9]*$/.test(text);
}

/** Only characters beyond ASCII may be escaped in a host. */
function hasHostCharacters(host: string): boolean {
  const plain = host.replaceAll(/%[89a-fA-F][0-9a-fA-F]|%25/g, '');
  return /^[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"\u{80}-\u{10FFFF}]*$/u.test(plain);
}

function hasValidEscapes(text: string): boolean {
  return !/%(?![0-9a-fA-F]{2})/.test(text);
}
